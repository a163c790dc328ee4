"""What a TRMNL server answers, and what it takes into its log. Pure."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from inkstand import __version__
from inkstand.errors import FetchError

if TYPE_CHECKING:
    from datetime import datetime

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=1)
# In HTTP or in the JSON; 500 only there, where it says "Device not found".
_UNKNOWN = (401, 403, 404)
_NOT_FOUND, _UNCLAIMED = 500, 202
_GOOD = (None, 0, 200)
_KEY = re.compile(r"[\x21-\x7e]{0,200}")
_MAX_NAME, _MAX_TOLD = 500, 200


@dataclass(frozen=True, slots=True)
class Display:
    """Where a picture is, what it is called, and after how long to ask again, None: not said."""

    picture: str = field(repr=False)
    name: str | None
    again: timedelta | None


def is_unknown(error: FetchError) -> bool:
    """Tell whether a server has said that it does not know a device, or not with this key."""
    return error.status in _UNKNOWN


def read_display(host: str, body: bytes) -> Display:
    """Return what `/api/display` of `host` answered.

    Raises:
        FetchError: there is no picture; its status is that of a device that nobody knows if so.
    """
    found = _read(host, body)
    picture, name = found.get("image_url"), found.get("filename")
    if not isinstance(picture, str) or not picture:
        raise FetchError(f"{host} has no picture for this device")
    named = isinstance(name, str) and 0 < len(name) <= _MAX_NAME
    return Display(picture, name if named else None, _interval(found.get("refresh_rate")))


def read_key(host: str, body: bytes) -> str:
    """Return the key that `/api/setup` of `host` gave, "" if it gave none.

    Some servers need none, and others give it once, and may be content with who has asked.

    Raises:
        FetchError: it cannot be used; its status is that of a device that nobody knows if so.
    """
    key = _read(host, body).get("api_key") or ""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise FetchError(f"{host} gave an API key that cannot be sent")
    return key


def log_entry(sentence: str, at: datetime) -> dict[str, Any]:
    """Return an entry of a log that says `sentence`, which became true `at` (aware).

    Terminus takes none in which anything of this is missing.
    """
    return {
        "id": 1,
        "message": sentence[:_MAX_TOLD],
        "level": "error",
        "firmware_version": __version__,
        "source_path": "inkstand",
        "source_line": 0,
        "created_at": int(at.timestamp()),
        "refresh_rate": 0,
        "sleep_duration": 0,
        "wake_reason": "timer",
        "special_function": "none",
        "wifi_status": "unknown",
        "wifi_signal": 0,
        "battery_voltage": 0.0,
        "free_heap_size": 0,
        "max_alloc_size": 0,
    }


def _read(host: str, body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise FetchError(f"{host} does not answer as a TRMNL server does; look at its address")
    status = found.get("status")
    if status == _UNCLAIMED:
        raise FetchError(f"{host} gave this device to nobody yet; claim it there")
    if status in (*_UNKNOWN, _NOT_FOUND):
        raise FetchError(f"{host} does not know this device", status=_UNKNOWN[-1])
    if status not in _GOOD:
        raise FetchError(f"{host} answered that it cannot do that now")
    return found


def _interval(said: object) -> timedelta | None:
    """Return what `refresh_rate` says, between SHORTEST and LONGEST; None if that is no time."""
    try:
        seconds = float(said) if isinstance(said, str | int | float) else math.nan
    except (ValueError, OverflowError):
        seconds = math.nan
    if isinstance(said, bool) or not math.isfinite(seconds) or seconds <= 0:
        return None
    return min(max(timedelta(seconds=min(seconds, LONGEST.total_seconds())), SHORTEST), LONGEST)
