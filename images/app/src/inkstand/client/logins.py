"""Who is logged in where, in a file that nobody else can read."""

from __future__ import annotations

import ipaddress
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from inkstand.client.errors import ClientError, MisusedError, NotLoggedInError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Login:
    """A token and where it is good; `ca` is the certificate in PEM that signs for `url`."""

    url: str
    user: str
    token: str = field(repr=False)
    ca: str | None = field(default=None, repr=False)


def origin(text: str) -> str:
    """Return the URL of a server, such as https://mac.example.com, from what people write.

    Raises:
        MisusedError: no URL of a server, or one where passwords would travel in the clear.
    """
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise MisusedError(f"{text!r} is not a URL: {error}") from error
    if not host or parts.scheme not in ("https", "http") or "@" in parts.netloc:
        raise MisusedError(f"{text!r} is not the URL of a server, such as https://mac.example.com")
    if parts.scheme == "http" and not _is_loopback(host):
        raise MisusedError(f"http:// would show your password to others; use https://{host}")
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}" + (f":{port}" if port else "")


def config_file(environment: Mapping[str, str], home: Path) -> Path:
    """Return where logins are kept; XDG Base Directory Specification 0.8."""
    configured = environment.get("XDG_CONFIG_HOME", "")
    # The specification wants relative ones ignored.
    folder = Path(configured) if configured.startswith("/") else home / ".config"
    return folder / "inkstand" / "logins.json"


def choose(logins: Sequence[Login], wanted: str | None) -> Login:
    """Return the login for `wanted`, a URL or the beginning of a host name; None: the latest.

    Raises:
        NotLoggedInError: there is none.
        MisusedError: there are several.
    """
    if not logins:
        raise NotLoggedInError(f"you are not logged in; run: inkstand login {wanted or 'URL'}")
    found = [login for login in logins if wanted is None or _is_meant(login, wanted)]
    exact = [login for login in found if wanted in (login.url, urlsplit(login.url).netloc)]
    known = ", ".join(login.url for login in found or logins)
    if not found:
        raise NotLoggedInError(
            f"you are not logged in at {wanted}, only at {known}; run: inkstand login {wanted}"
        )
    if wanted is not None and len(found) > 1 and len(exact) != 1:
        raise MisusedError(f"{wanted} may be any of {known}; write more of it")
    return (exact or found)[0]


class Logins:
    """The logins in the file at `path`, the latest first."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> tuple[Login, ...]:
        """Return all logins.

        Raises:
            ClientError: the file is there and cannot be used.
        """
        try:
            return tuple(_parse(self._read()))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ClientError(f"cannot read {self._path}: {error.strerror}") from error
        except (ValueError, TypeError, KeyError) as error:
            raise ClientError(f"{self._path} is damaged; remove it and log in again") from error

    def save(self, login: Login) -> None:
        """Put `login` first, in place of an older one for its server.

        Raises:
            ClientError: it cannot be written.
        """
        self._write([login, *self._without(login.url)])

    def remove(self, url: str) -> None:
        """Forget the login for `url`.

        Raises:
            ClientError: it cannot be written.
        """
        self._write(self._without(url))

    def _without(self, url: str) -> list[Login]:
        return [login for login in self.all() if login.url != url]

    def _read(self) -> str:
        with self._path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                message = f"others can read {self._path}; run: chmod 600 {self._path}"
                raise ClientError(message)
            return file.read()

    def _write(self, logins: Sequence[Login]) -> None:
        text = json.dumps({"logins": [asdict(login) for login in logins]}, indent=2)
        folder = self._path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            _replace(self._path, text + "\n")
        except OSError as error:
            raise ClientError(f"cannot write {self._path}: {error.strerror}") from error


def _replace(path: Path, text: str) -> None:
    # mkstemp makes files with mode 0600; a reader sees the old one or the new one.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            file.write(text)
            file.flush()
            os.fsync(handle)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _parse(text: str) -> list[Login]:
    items: list[dict[str, Any]] = json.loads(text)["logins"]
    return [Login(**item) for item in items]


def _is_meant(login: Login, wanted: str) -> bool:
    return wanted == login.url or urlsplit(login.url).netloc.startswith(wanted)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
