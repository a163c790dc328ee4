"""Asks servers that nobody trusts: fetches what data screens show, and posts to webhooks.

Each hop of a redirect is checked like the URL that its owner wrote. Nothing outlives a request: no
connection, no cookie, no proxy of the environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import ssl
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from inkstand import __version__
from inkstand.errors import ConfigError, FetchError
from inkstand.fetching.addresses import Target, check_url
from inkstand.fetching.bodies import Body, too_large
from inkstand.fetching.connection import (
    Budget,
    CheckedResolver,
    ask_system,
    checked_addresses,
    limited_by,
)
from inkstand.fetching.schedule import parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, timedelta

    from inkstand.clock import Clock
    from inkstand.fetching.connection import Resolve

USER_AGENT = f"Inkstand/{__version__}"
MAX_REDIRECTS = 3
_GOOD = (200, 203)
_NOT_MODIFIED = 304
_REDIRECTS = (301, 302, 303, 307, 308)
# The second is what its parser raises, which not every way out of aiohttp wraps into the first.
_OF_AIOHTTP = (aiohttp.ClientError, HttpProcessingError)
# RFC 9110, 5.6.2 and 5.5.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x20-\x7e\x80-\xff]*")
# What the fetcher says itself, and what would be about the connection.
_OURS = {
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "if-modified-since",
    "if-none-match",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
}


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What to fetch. URL and headers may hold secrets, so that they are in no repr().

    `headers` go to the origin of `url` and to nobody it redirects to; `max_bytes` counts after
    decompression; `private` allows addresses that are not of the public internet.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    max_bytes: int = 1_000_000
    private: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came, and what to ask with whether it has changed; `fetched_at` is aware.

    `again` is after how long the other side wants to be asked next, None if it did not say.
    """

    body: bytes = field(repr=False)
    etag: str | None
    last_modified: str | None
    fetched_at: datetime
    again: timedelta | None = None


@dataclass(frozen=True, slots=True)
class PostRequest:
    """What to post; of all this the same holds as of a FetchRequest."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    private: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    """How it was answered; `retry_after` is how long the other side wants to be left alone."""

    status: int
    retry_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, from one read to the next, and for all of it with its redirects."""

    connect: float = 10.0
    read: float = 10.0
    total: float = 30.0


class Fetcher:
    """Asks servers, one request at a time or several.

    `authority` are certificates in PEM that are trusted in place of those of the system, "": none.

    Raises:
        ConfigError: they cannot be read.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        authority: str = "",
        user_agent: str = USER_AGENT,
        timeouts: Timeouts | None = None,
        resolve: Resolve = ask_system,
    ) -> None:
        self._clock = clock
        self._tls = _trusting(authority)
        self._user_agent = user_agent
        self._timeouts = timeouts or Timeouts()
        self._resolve = resolve

    async def fetch(self, request: FetchRequest, known: Fetched | None = None) -> Fetched:
        """Return what is at `request.url` now; `known` came from there before.

        If it is still the same, the body is that of `known`, and `fetched_at` is now.

        Raises:
            FetchError: no answer of 200, in time and of that size, from where it may come from.
        """
        _check_headers(request.headers)
        first = target = check_url(request.url)
        end = asyncio.get_running_loop().time() + self._timeouts.total
        for _ in range(MAX_REDIRECTS + 1):
            headers = request.headers if target.origin == first.origin else {}
            # Its owner allowed one host, and not whatever that one redirects to.
            private = request.private and target.host == first.host
            with _redirected_by(first, target), self._told(target.host):
                async with asyncio.timeout_at(end):
                    found = await self._ask(
                        target, replace(request, headers=headers, private=private), known
                    )
            if isinstance(found, Fetched):
                return found
            target = found
        raise FetchError(f"{first.host} redirects more than {MAX_REDIRECTS} times")

    async def post(self, request: PostRequest) -> Posted:
        """Post `request.body` and return how that was answered; no redirect is followed.

        Raises:
            FetchError: no answer came in time, or that is not where something may be posted.
        """
        _check_headers(request.headers)
        target, budget = check_url(request.url), Budget(0)
        with self._told(target.host):
            async with asyncio.timeout(self._timeouts.total):
                private = request.private
                addresses = await checked_addresses(target, self._resolve, private=private)
                headers = {**request.headers, **self._headers(None)}
                async with (
                    self._session(CheckedResolver(target.host, addresses), budget) as session,
                    session.post(
                        target.url, data=request.body, headers=headers, allow_redirects=False
                    ) as response,
                ):
                    asked_for = response.headers.get("Retry-After")
                    return Posted(response.status, parse_retry_after(asked_for, self._clock.now()))

    async def _ask(
        self, target: Target, request: FetchRequest, known: Fetched | None
    ) -> Fetched | Target:
        """Return what `target` answers, or where it redirects to."""
        addresses = await checked_addresses(target, self._resolve, private=request.private)
        budget = Budget(request.max_bytes)
        headers = {**request.headers, **self._headers(known)}
        try:
            async with (
                self._session(CheckedResolver(target.host, addresses), budget) as session,
                session.get(target.url, headers=headers, allow_redirects=False) as response,
            ):
                if response.status in _REDIRECTS and (to := response.headers.get("Location")):
                    return next_target(target, to, "redirects")
                return await self._answer(target.host, response, request.max_bytes, known)
        except _OF_AIOHTTP:
            if budget.is_spent:
                raise too_large(target.host, request.max_bytes) from None
            raise

    async def _answer(
        self, host: str, response: aiohttp.ClientResponse, max_bytes: int, known: Fetched | None
    ) -> Fetched:
        now = self._clock.now()
        if response.status == _NOT_MODIFIED and known is not None:
            return replace(known, fetched_at=now)
        if response.status not in _GOOD:
            wait = parse_retry_after(response.headers.get("Retry-After"), now)
            raise FetchError(f"{host} answered {response.status}", wait, response.status)
        body = await _body(host, response, max_bytes)
        return Fetched(
            body, response.headers.get("ETag"), response.headers.get("Last-Modified"), now
        )

    def _session(self, resolver: CheckedResolver, budget: Budget) -> aiohttp.ClientSession:
        limits = self._timeouts
        connector = aiohttp.TCPConnector(
            resolver=resolver, use_dns_cache=False, force_close=True, ssl=self._tls
        )
        return aiohttp.ClientSession(
            connector=connector,
            request_class=limited_by(budget),
            timeout=aiohttp.ClientTimeout(sock_connect=limits.connect, sock_read=limits.read),
            cookie_jar=aiohttp.DummyCookieJar(),
            # aiohttp unpacks all that came in one read, however much it becomes.
            auto_decompress=False,
            trust_env=False,
        )

    def _headers(self, known: Fetched | None) -> dict[str, str]:
        headers = {"User-Agent": self._user_agent, "Accept-Encoding": "gzip"}
        if known and known.etag and _can_be_sent(known.etag):
            headers["If-None-Match"] = known.etag
        if known and known.last_modified and _can_be_sent(known.last_modified):
            headers["If-Modified-Since"] = known.last_modified
        return headers

    @contextlib.contextmanager
    def _told(self, host: str) -> Iterator[None]:
        """Turn what can go wrong into a sentence; what aiohttp says quotes the whole URL."""
        try:
            yield
        except aiohttp.ConnectionTimeoutError:
            sentence = f"{host} cannot be reached within {self._timeouts.connect:g} s"
        except aiohttp.ServerTimeoutError:
            sentence = f"{host} did not answer within {self._timeouts.read:g} s"
        except TimeoutError:
            sentence = f"{host} was not done within {self._timeouts.total:g} s"
        except _OF_AIOHTTP as error:
            sentence = _sentence(host, error)
        else:
            return
        raise FetchError(sentence) from None


async def _body(host: str, response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    if (response.content_length or 0) > max_bytes:
        raise too_large(host, max_bytes)
    body = Body(host, response.headers.get("Content-Encoding", ""), max_bytes)
    async for piece in response.content.iter_any():
        body.feed(piece)
    return body.whole()


def next_target(here: Target, location: str, leads: str = "leads") -> Target:
    """Return where an answer of `here` leads, by a redirect or in a word of its own.

    Raises:
        FetchError: nobody may go there, or others could read what is asked for there.
    """
    try:
        there = check_url(urljoin(here.url, location))
    except ValueError:
        raise FetchError(f"{here.host} {leads} to what is not a URL") from None
    except FetchError as error:
        raise FetchError(f"{here.host} {leads} to where nobody may go: {error}") from None
    if (here.scheme, there.scheme) == ("https", "http"):
        raise FetchError(f"{here.host} {leads} from https to http, which others can read")
    return there


@contextlib.contextmanager
def _redirected_by(first: Target, target: Target) -> Iterator[None]:
    """Say in an error how we came to `target`, which its reader may never have heard of."""
    try:
        yield
    except FetchError as error:
        if target.host == first.host:
            raise
        raise FetchError(f"{first.host} redirects, and {error}", error.retry_after) from None


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or name.lower() in _OURS:
            raise FetchError(f"a header must not be called {name!r}")
        if not _can_be_sent(value):
            raise FetchError(f"the header {name} has characters that cannot be sent")


def _can_be_sent(value: str | None) -> bool:
    return value is not None and _VALUE.fullmatch(value) is not None


def _sentence(host: str, error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or "it is for another"
            return f"the certificate of {host} is not trusted: {reason}"
        case aiohttp.ClientSSLError():
            return f"{host} does not speak TLS as it should"
        case aiohttp.ClientConnectorError():
            # Its own text has the address.
            reason = os.strerror(error.errno) if error.errno else "there is no way to it"
            return f"{host} cannot be reached: {reason}"
        case aiohttp.ClientResponseError() | HttpProcessingError():
            return f"{host} does not answer as HTTP has it"
    return f"{host} broke off its answer"


def _trusting(authority: str) -> ssl.SSLContext | bool:
    """Return what verifies certificates; True is aiohttp's own, which it has made anyway."""
    if not authority:
        return True
    try:
        return ssl.create_default_context(cadata=authority)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError("these are no certificates in PEM") from error
