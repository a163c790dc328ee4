"""What people write on the command line, as what the API takes; pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from inkstand.client.errors import MisusedError
from inkstand.wifi import escape_wifi

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
# What these look like the server knows; here it is enough to tell a picture from a mistake.
_MAGIC = re.compile(rb"\x89PNG|\xff\xd8\xff|RIFF....WEBP|GIF8|BM|II\*\0|MM\0\*|....ftyp", re.DOTALL)
_HEIC = re.compile(rb"....ftyp", re.DOTALL)
LARGEST_PICTURE = 4 * 1024 * 1024
_TIME_OF_DAY = re.compile(r"(?:([a-z]+) +)?([01]?[0-9]|2[0-3]):([0-5][0-9])", re.IGNORECASE)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORTEST_DAY = 3  # letters
_WEEK = timedelta(days=7)
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}


def seconds(text: str) -> int:
    """Return how many seconds "90", "90s", "5m", "2h" or "1d" are.

    Raises:
        MisusedError: it is none of these.
    """
    match = re.fullmatch(r"(\d{1,9})([smhd]?)", text.strip())
    if match is None or not int(match[1]):
        raise MisusedError(f"{text!r} is not a time such as 90, 5m, 2h or 1d")
    return int(match[1]) * _UNITS[match[2]]


def moment(
    text: str, now: datetime, aware: Callable[[datetime], datetime] = datetime.astimezone
) -> datetime:
    """Return when "2h" (from now), "18:30", "friday 8:00" (the next) or "2026-11-22T08:00" is.

    `now` is aware. `aware` says when clocks here show a naive time, which may be summer then and
    winter now. What is returned is in UTC.

    Raises:
        MisusedError: it is none of these, or has passed.
    """
    if re.fullmatch(r"\d{1,9}[smhd]", text.strip()):
        return (now + timedelta(seconds=seconds(text))).astimezone(UTC)
    if match := _TIME_OF_DAY.fullmatch(text.strip()):
        parsed = _next(match[1], time(int(match[2]), int(match[3])), now.replace(tzinfo=None))
    else:
        try:
            parsed = datetime.fromisoformat(text.strip())
        except ValueError:
            parsed = None
    if parsed is None:
        known = "2h, 18:30, 'friday 8:00' or 2026-11-22T08:00"
        raise MisusedError(f"{text!r} is not a time such as {known}")
    then = parsed if parsed.tzinfo else aware(parsed)
    if then <= now:
        raise MisusedError(f"{text} has passed already")
    return then.astimezone(UTC)


def stamp(at: datetime) -> str:
    """Return `at` (aware) in RFC 3339, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def extras(
    *,
    urgent: bool,
    show_for: int | None,
    expires_at: datetime | None,
    show_at: datetime | None = None,
    repeat: str | None = None,
) -> dict[str, str | int]:
    """Return what the API takes beside text or picture; what is not asked for is left out."""
    asked: dict[str, str | int] = {}
    if urgent:
        asked["priority"] = "urgent"
    if show_for is not None:
        asked["show_for"] = show_for
    if expires_at is not None:
        asked["expires_at"] = stamp(expires_at)
    if show_at is not None:
        asked["show_at"] = stamp(show_at)
    if repeat is not None:
        asked["repeat"] = repeat
    return asked


def check_picture(data: bytes, name: str) -> None:
    """Raise MisusedError for a file that is no picture of a kind that a server takes."""
    if not _MAGIC.match(data):
        raise MisusedError(f"{name} is no picture in PNG, JPEG, WebP, GIF, BMP, TIFF or HEIC")


def is_heic(data: bytes) -> bool:
    """Tell whether a picture is of the kind that telephones make and few programs read."""
    return _HEIC.match(data) is not None


def unescaped(text: str) -> str:
    """Return `text` with a line end for each backslash and n, and so on for t and backslash."""
    return re.sub(r"\\([nt\\])", lambda match: _ESCAPES[match[1]], text)


def wifi(network: str, password: str) -> str:
    """Return what a QR code says that lets a phone into `network`; no password: it is open."""
    name, secret = escape_wifi(network), escape_wifi(password)
    return f"WIFI:T:WPA;S:{name};P:{secret};;" if password else f"WIFI:T:nopass;S:{name};;"


def with_wait_spelled_out(arguments: Sequence[str]) -> list[str]:
    """Return `arguments` with the state after each bare `--wait`, so that no text is taken for it.

    What comes after `--` is text in any case.
    """
    given = list(arguments)
    end = given.index("--") if "--" in given else len(given)
    for index in [i for i in range(end) if given[i] == "--wait"]:
        if given[index + 1 : index + 2] not in (["shown"], ["read"]):
            given[index] = "--wait=shown"
    return given


def _next(day: str | None, at: time, now: datetime) -> datetime | None:
    """Return when it is `at` on the next such day, None: there is none of that name; all naive."""
    word = (day or "").lower()
    names = [name for name in _DAYS if len(word) >= _SHORTEST_DAY and name.startswith(word)]
    ahead = {"": 0, "today": 0, "tomorrow": 1}.get(word)
    if names:
        ahead = (_DAYS.index(names[0]) - now.weekday()) % 7
    if ahead is None:
        return None
    then = datetime.combine(now.date() + timedelta(days=ahead), at)
    if then > now or word == "today":
        return then
    return then + (_WEEK if word else timedelta(days=1))
