"""Who is told what happens, as the settings say it. Pure."""

from __future__ import annotations

import base64
import binascii
import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from inkstand.errors import FetchError, joined
from inkstand.fetching.addresses import check_url

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = ("name", "url", "secret", "events", "private", "ca")
MOST = 10
_MAKE_ONE = 'echo "whsec_$(openssl rand -base64 32)"'
# Standard Webhooks, "Symmetric": 24 to 64 bytes.
_PREFIX, _SHORTEST, _LONGEST = "whsec_", 24, 64
_VARIETY = 8


class EventKind(enum.StrEnum):
    """What a target can be told."""

    SHOWN = "shown"
    READ = "read"
    EXPIRED = "expired"
    BUTTON = "button"
    PANEL = "panel"


# What a target is told when somebody asks for a trial.
TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where what happens is told, and what of it; `ca` is PEM, "": those of the system."""

    name: str
    url: str = field(repr=False)
    secret: bytes = field(repr=False)
    events: tuple[EventKind, ...] = tuple(EventKind)
    private: bool = False
    ca: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Whom people know it as; the rest of the address may be secret."""
        return urlsplit(self.url).hostname or ""


def read(name: str, table: Mapping[str, object], ca: str) -> Target:
    """Return the target that a table of the settings means; no value of it is quoted.

    Raises:
        ValueError, TypeError: something of it is missing or wrong.
    """
    private = table.get("private", False)
    if not isinstance(private, bool):
        raise TypeError("private must be true or false")
    return Target(
        name=name,
        url=_url(table.get("url")),
        secret=_secret(table.get("secret")),
        events=_events(table.get("events", list(EventKind))),
        private=private,
        ca=ca,
    )


def _url(value: object) -> str:
    if not isinstance(value, str) or not value.startswith("https://"):
        raise ValueError("url must be an address such as https://example.com/hook")
    try:
        return check_url(value).url
    except FetchError as error:
        raise ValueError(f"url cannot be used: {error}") from None


def _secret(value: object) -> bytes:
    text = value if isinstance(value, str) else ""
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    is_long = _SHORTEST <= len(secret) <= _LONGEST
    if not text.startswith(_PREFIX) or not is_long or len(set(secret)) < _VARIETY:
        raise ValueError(
            f"secret must be {_PREFIX} and {_SHORTEST} to {_LONGEST} random bytes in base64; "
            f"make one with: {_MAKE_ONE}"
        )
    return secret


def _events(value: object) -> tuple[EventKind, ...]:
    if not isinstance(value, list) or not value or not set(map(str, value)) <= set(EventKind):
        raise ValueError(f"events must be a list of some of {joined(EventKind)}")
    return tuple(EventKind(each) for each in dict.fromkeys(map(str, value)))
