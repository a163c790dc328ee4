"""What is told to clients: the objects of this appliance as JSON can hold them. Pure."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from inkstand.events import (
    ButtonChanged,
    ButtonPressed,
    MessageChanged,
    PanelChanged,
    RefreshStarted,
    ScreenChanged,
)
from inkstand.panel import Refresh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkstand.condition import Condition
    from inkstand.config import Settings
    from inkstand.display import Display
    from inkstand.events import Event, FrameShown, ScreenState
    from inkstand.messages import Message
    from inkstand.panel import Frame

Json = dict[str, Any]
# The counters of the display, and what stands there before anything was counted.
_REFRESHES = {"full": 0, "partial": 0, "skipped": 0}


def time(moment: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC, to the millisecond."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def tag(frame: Frame) -> str:
    """Return what is the same for equal frames only, without the quotes that an ETag has."""
    return hashlib.sha256(b"%dx%d " % frame.size + frame.data).hexdigest()[:16]


def refresh(kind: Refresh | None) -> str | None:
    """Return what clients call a refresh; a cleared panel was refreshed as a whole."""
    if kind is None:
        return None
    return "partial" if kind is Refresh.PARTIAL else "full"


def message(message: Message) -> Json:
    """Return a Message."""
    return {
        "id": message.id,
        "author": message.author,
        "text": message.text,
        "at": time(message.at),
        "state": message.state,
        "priority": message.priority,
        "expires_at": _time_or_none(message.expires_at),
        "show_for": message.show_for,
        "shown_at": _time_or_none(message.shown_at),
        "ended_at": _time_or_none(message.ended_at),
        "picture": f"/api/v1/messages/{message.id}/picture" if message.has_picture else None,
    }


def screen(state: ScreenState) -> Json:
    """Return a Screen."""
    return {
        "screen": state.screen,
        "message": None if state.message is None else message(state.message),
        "page": state.page,
        "pages": state.pages,
    }


def panel(display: Display) -> Json:
    """Return a Panel."""
    width, height = display.info.size if display.info else (None, None)
    return {
        "state": "ok" if display.reason is None else "unavailable",
        "reason": display.reason,
        "width": width,
        "height": height,
        "refreshing": None if display.refreshing is None else refreshing(display.refreshing),
        "frame": None if display.last_refresh is None else frame(display.last_refresh),
        "refreshes": counts(display.refreshes),
    }


def event(event: Event) -> Json:
    """Return what is told about an event, except for a frame, which has its pixels with it."""
    match event:
        case MessageChanged(message=changed, previous=previous):
            return {"message": message(changed), "previous": previous}
        case RefreshStarted():
            return refreshing(event)
        case ScreenChanged(state=state):
            return screen(state)
        case ButtonPressed(at=at, gesture=gesture):
            return {"gesture": gesture, "at": time(at)}
        case PanelChanged(at=at, reason=reason) | ButtonChanged(at=at, reason=reason):
            return {"reason": reason, "at": time(at)}
    raise TypeError(f"nobody is told about {type(event).__name__}")


def condition(condition: Condition) -> Json:
    """Return what the parts say about themselves, as far as it is said nowhere else."""
    return {
        "version": condition.version,
        "started_at": time(condition.started_at),
        "url": condition.url or None,
        "certificate_expires_at": _time_or_none(condition.certificate_expires_at),
        "authority_fingerprint": condition.authority.fingerprint,
        "button": {"state": condition.button},
        "errors": [{"at": time(error.at), "what": error.what} for error in condition.errors],
    }


def clock(now: datetime, settings: Settings, condition: Condition) -> Json:
    """Return what is told about the time, which is `now`."""
    return {
        "now": time(now),
        "timezone": settings.timezone.key,
        "synchronised": condition.synchronised,
    }


def counts(refreshes: Mapping[str, int]) -> dict[str, int]:
    """Return how often the panel was refreshed, by kind."""
    return {kind: refreshes.get(kind, none) for kind, none in _REFRESHES.items()}


def refreshing(started: RefreshStarted) -> Json:
    """Return what is told about a refresh that goes on."""
    return {"refresh": refresh(started.refresh), "at": time(started.at)}


def frame(shown: FrameShown) -> Json:
    """Return what is told about the frame on the glass, without its pixels."""
    return {
        "etag": tag(shown.frame),
        "at": time(shown.at),
        "refresh": refresh(shown.refresh),
        "seconds": None if shown.seconds is None else round(shown.seconds, 3),
    }


def _time_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else time(moment)
