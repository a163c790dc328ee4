"""One server: requests out, answers or errors in."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import socket
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from inkstand import __version__
from inkstand.client.errors import (
    AnswerError,
    ClientError,
    NotAllowedError,
    NotLoggedInError,
    TooOftenError,
    UnknownSignerError,
    UnreachableError,
    UntrustedError,
)
from inkstand.media_types import JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

API = "/api/v1"
_PROBLEM = "application/problem+json"
# What a proxy answers while the app behind it is not there.
_AWAY = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)
# Codes of OpenSSL's x509_vfy.h.
_NOT_YET_VALID, _EXPIRED, _OTHER_HOST, _OTHER_ADDRESS = 9, 10, 62, 64
# The first one that fits counts; some of these are subclasses of others.
_FAILURES: tuple[tuple[type[Exception], type[ClientError], str], ...] = (
    (ssl.SSLError, UntrustedError, "{url} does not speak TLS as it should: {error}"),
    (socket.gaierror, UnreachableError, "there is no host {host}; check its name and the network"),
    (ConnectionRefusedError, UnreachableError, "nothing listens at {url}; is the port right?"),
    (TimeoutError, UnreachableError, "{url} did not answer within {timeout:.0f} s; try again"),
    (ConnectionError, UnreachableError, "{url} closed the connection; try again"),
    (http.client.IncompleteRead, UnreachableError, "{url} closed the connection; try again"),
    (http.client.HTTPException, ClientError, "{url} does not speak HTTP; is the port right?"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; the names in `headers` are as HTTP/1.1 servers usually write them."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return what the body says.

        Raises:
            ClientError: it is not JSON.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ClientError("the server answers something that is not JSON") from error


class Server:
    """The server at `url`; `token` is sent along, `ca` (PEM) is the only one who signs for it.

    `timeout` is in seconds, for each step of the connection. `progress` is told how
    many bytes of how many have gone.

    Raises:
        UntrustedError: `ca` is no certificate.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        ca: str | None = None,
        *,
        timeout: float = 20.0,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.url = url
        self._timeout = timeout
        self._progress = progress
        self._token = token
        self._has_ca = ca is not None
        self._tls = _tls(ca) if url.startswith("https:") else None

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the answer to a request for `path` below /api/v1.

        `body` is sent as it is when it is bytes, else as JSON.

        Raises:
            ClientError: there is no answer, or it is an error.
        """
        with self._explained(), contextlib.closing(self._connect(self._timeout)) as connection:
            self._send(connection, method, API + path, body, self._headers(body, headers))
            response = connection.getresponse()
            answer = _read(response)
        return self._checked(answer)

    @contextlib.contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[Iterator[bytes]]:
        """Yield the lines of an answer that has no end.

        Raises:
            ClientError: there is no answer, it is an error, or it broke off.
        """
        with self._explained(), contextlib.closing(self._connect(self._timeout)) as connection:
            connection.request("GET", API + path, headers=self._headers(None, headers))
            response = connection.getresponse()
            if response.status != HTTPStatus.OK:
                self._checked(_read(response))
            yield iter(response.readline, b"")

    def meet(self) -> None:
        """Connect, and ask for nothing.

        Raises:
            ClientError: it cannot be reached, or does not prove who it is.
        """
        with self._explained(), contextlib.closing(self._connect(self._timeout)) as connection:
            connection.connect()

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if self._tls is None:
            return http.client.HTTPConnection(host, parts.port, timeout=timeout)
        return http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=self._tls)

    def _headers(self, body: object, added: Mapping[str, str] | None) -> dict[str, str]:
        headers = {"User-Agent": f"inkstand/{__version__}", "Accept": "*/*"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if body is not None and not isinstance(body, bytes):
            headers["Content-Type"] = JSON
        return {**headers, **(added or {})}

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: object,
        headers: dict[str, str],
    ) -> None:
        data: bytes | _Counted | None
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None and self._progress is not None:
            # Of what is read from a file, http.client does not know the length.
            headers["Content-Length"] = str(len(data))
            data = _Counted(data, self._progress)
        connection.connect()
        # A server that refuses a large body may have answered and gone before it read all.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, data, headers)

    def _checked(self, answer: Answer) -> Answer:
        if answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        raise refusal(self.url, answer)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except ClientError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise explain(self.url, error, self._timeout, has_ca=self._has_ca) from error


class _Counted(io.BytesIO):
    """What is sent, and who is told how much of it was."""

    def __init__(self, data: bytes, progress: Callable[[int, int], None]) -> None:
        super().__init__(data)
        self._total = len(data)
        self._progress = progress

    def read(self, size: int | None = -1) -> bytes:
        self._progress(self.tell(), self._total)
        return super().read(size)


def refusal(url: str, answer: Answer) -> ClientError:
    """Return the error for an answer of 300 or more."""
    detail, code = _problem(answer)
    if answer.status == HTTPStatus.UNAUTHORIZED and code != "invalid-credentials":
        return NotLoggedInError(
            f"{url} does not take this login any more; run: inkstand login {url}"
        )
    if answer.status == HTTPStatus.FORBIDDEN:
        return NotAllowedError(f"{url} does not let you do that: {detail}")
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = _seconds(answer.headers.get("Retry-After"))
        return TooOftenError(f"too many attempts at {url}; try again in {wait} s", wait)
    if answer.status in _AWAY and not code:
        return UnreachableError(f"{url} is up, but Inkstand behind it is not; try again soon")
    if not code:
        return AnswerError(f"{url} answers {detail}; is that an Inkstand server?", answer.status)
    return AnswerError(f"{url} says: {detail}", answer.status)


def explain(url: str, error: Exception, timeout: float, *, has_ca: bool = False) -> ClientError:
    """Return the error for a connection that failed with `error`; `has_ca`: one was given."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _untrusted(url, error, has_ca=has_ca)
    for kind, make, sentence in _FAILURES:
        if isinstance(error, kind):
            host = urlsplit(url).hostname
            return make(sentence.format(url=url, host=host, error=error, timeout=timeout))
    return UnreachableError(f"cannot reach {url}: {getattr(error, 'strerror', None) or error}")


def _untrusted(url: str, error: ssl.SSLCertVerificationError, *, has_ca: bool) -> UntrustedError:
    its = f"the certificate of {url}"
    match error.verify_code:
        case code if code in (_OTHER_HOST, _OTHER_ADDRESS):
            return UntrustedError(f"{its} is for another name than {urlsplit(url).hostname}")
        case code if code == _EXPIRED:
            return UntrustedError(f"{its} has expired; renew it, or check this machine's clock")
        case code if code == _NOT_YET_VALID:
            return UntrustedError(f"{its} is not valid yet; check this machine's clock")
    if has_ca:
        return UnknownSignerError(
            f"{its} is not signed by the CA that was given for it: somebody may be in between, or"
            " the server has a new one. If it is yours and has, read the fingerprint on the Pi, and"
            f" run: inkstand login {url} --ca-fingerprint SHA256"
        )
    return UnknownSignerError(
        f"{its} is signed by nobody you trust; if the server is yours, run on a terminal:"
        f" inkstand login {url}; or give its CA by --ca-fingerprint or --ca"
    )


def _read(response: http.client.HTTPResponse) -> Answer:
    return Answer(response.status, dict(response.headers.items()), response.read())


def _tls(ca: str | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=ca)
    except (ssl.SSLError, TypeError, ValueError) as error:
        raise UntrustedError("the file of the CA holds no certificate in PEM") from error
    if ca is not None:
        # Python 3.13 refuses certificates that lack what home-made ones often do: key usage.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _problem(answer: Answer) -> tuple[str, str]:
    """Return the sentence and the code of problem details (RFC 9457); no code: it is none."""
    try:
        status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    except ValueError:
        status = str(answer.status)
    if answer.headers.get("Content-Type", "").partition(";")[0] != _PROBLEM:
        return status, ""
    with contextlib.suppress(ValueError):
        match json.loads(answer.body):
            case {"detail": str(detail), "code": str(code)}:
                return detail, code
    return status, ""


def _seconds(value: str | None) -> int:
    return int(value) if value and value.isdecimal() else 60
