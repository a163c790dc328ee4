"""What goes to a target, and how it is signed: Standard Webhooks 1.0. Pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from inkstand.events import ButtonPressed, PanelChanged
from inkstand.fetching.schedule import MAX_BACK_OFF, MAX_RETRY_AFTER
from inkstand.messages.events import MessageChanged, told_of
from inkstand.webhooks.targets import EventKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkstand.events import Event

KINDS = (MessageChanged, ButtonPressed, PanelChanged)
LIFETIME = timedelta(days=1)
_FIRST_WAIT = timedelta(seconds=5)
# 5 s doubled this often is more than an hour.
_MAX_DOUBLINGS = 10
_JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Notification:
    """One thing that happened at `at` (aware), as targets are told it; a repeat has its `id`."""

    id: str
    event: str
    at: datetime
    body: bytes


def notification(number: str, happened: Event) -> Notification | None:
    """Return what is told of an event under the id `number`, None if nothing is."""
    match happened:
        case MessageChanged(message=message) if happened.is_told:
            return make(number, EventKind(message.state), happened.at, told_of(message))
        case ButtonPressed(gesture=gesture):
            return make(number, EventKind.BUTTON, happened.at, {"gesture": gesture})
        case PanelChanged(reason=reason):
            return make(number, EventKind.PANEL, happened.at, {"reason": reason})
    return None


def make(number: str, event: str, at: datetime, data: Mapping[str, Any]) -> Notification:
    """Return a notification with its body, JSON in UTF-8."""
    stamp = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    told = {"type": event, "timestamp": stamp, "data": data}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    return Notification(number, event, at, body)


def headers(secret: bytes, told: Notification, now: datetime) -> dict[str, str]:
    """Return the headers by which a receiver knows that it is sent by us, and now (aware)."""
    stamp = str(int(now.timestamp()))
    signed = b".".join((told.id.encode(), stamp.encode(), told.body))
    digest = hmac.digest(secret, signed, hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "webhook-id": told.id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode('ascii')}",
    }


def wait(failures: int, chance: float, asked_for: timedelta | None) -> timedelta:
    """Return how long to leave a target alone that has failed so often in a row, from 1 on.

    5 s, doubled each time up to an hour, and up to a fifth more by `chance` (from 0 to 1); longer
    if it `asked_for` that, up to a day.
    """
    back_off = min(_FIRST_WAIT * (1 << min(failures - 1, _MAX_DOUBLINGS)), MAX_BACK_OFF)
    back_off *= 1 + _JITTER * chance
    return max(back_off, min(asked_for or timedelta(), MAX_RETRY_AFTER))
