"""What is told to clients about the objects of this appliance. Pure."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, get_args

from inkstand.api import schemas
from inkstand.events import ButtonChanged, ButtonPressed, PanelChanged, RefreshStarted
from inkstand.messages.events import MessageChanged, ScreenChanged
from inkstand.panel import Refresh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkstand.accounts.model import TokenRecord
    from inkstand.display.display import Display
    from inkstand.events import Event, FrameShown
    from inkstand.frame import Frame
    from inkstand.messages import Message
    from inkstand.messages.events import ScreenState


def tag(frame: Frame) -> str:
    """Return what is the same for equal frames only, without the quotes that an ETag has."""
    return hashlib.sha256(b"%dx%d " % frame.size + frame.data).hexdigest()[:16]


def message(message: Message) -> schemas.Message:
    """Return what is told about a message."""
    return schemas.Message(
        id=message.id,
        author=message.author,
        text=message.text,
        at=message.at,
        state=message.state,
        priority=message.priority,
        expires_at=message.expires_at,
        show_for=message.show_for,
        shown_at=message.shown_at,
        ended_at=message.ended_at,
        picture=f"/api/v1/messages/{message.id}/picture" if message.has_picture else None,
    )


def screen(state: ScreenState) -> schemas.Screen:
    """Return what is told about what is shown."""
    return schemas.Screen(
        screen=state.screen,
        message=None if state.message is None else message(state.message),
        page=state.page,
        pages=state.pages,
    )


def panel(display: Display) -> schemas.Panel:
    """Return what is told about the panel."""
    width, height = display.info.size if display.info else (None, None)
    return schemas.Panel(
        state="ok" if display.reason is None else "unavailable",
        reason=display.reason,
        width=width,
        height=height,
        refreshing=None if display.refreshing is None else refreshing(display.refreshing),
        frame=None if display.last_refresh is None else frame(display.last_refresh),
        refreshes=counts(display.refreshes),
    )


def token(record: TokenRecord, current: str) -> schemas.Token:
    """Return what is told about a token; `current` is the id of the one that it is asked with."""
    return schemas.Token(
        id=record.id,
        kind=record.kind,
        name=record.name,
        scope=record.scope.word,
        created_at=datetime.fromtimestamp(record.created, UTC),
        expires_at=moment_or_none(record.expires),
        last_used_at=moment_or_none(record.used),
        current=record.id == current,
    )


def moment_or_none(seconds: int | None) -> datetime | None:
    """Return the time that is so many seconds after 1970 began."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def event(event: Event) -> object:
    """Return what is told about an event, except for a frame, which has its pixels with it."""
    match event:
        case MessageChanged(message=changed, previous=previous):
            return {"message": message(changed), "previous": previous}
        case RefreshStarted():
            return refreshing(event)
        case ScreenChanged(state=state):
            return screen(state)
        case ButtonPressed(at=at, gesture=gesture):
            return {"gesture": gesture, "at": at}
        case PanelChanged(at=at, reason=reason) | ButtonChanged(at=at, reason=reason):
            return {"reason": reason, "at": at}
    raise TypeError(f"nobody is told about {type(event).__name__}")


def counts(refreshes: Mapping[str, int]) -> dict[Any, int]:
    """Return how often the panel was refreshed, by kind."""
    return {kind: refreshes.get(kind, 0) for kind in get_args(schemas.RefreshCounter)}


def refreshing(started: RefreshStarted) -> schemas.Refreshing:
    """Return what is told about a refresh that goes on."""
    return schemas.Refreshing(refresh=_kind(started.refresh), at=started.at)


def frame(shown: FrameShown) -> schemas.Frame:
    """Return what is told about the frame on the glass, without its pixels."""
    return schemas.Frame(
        etag=tag(shown.frame),
        at=shown.at,
        refresh=None if shown.refresh is None else _kind(shown.refresh),
        seconds=None if shown.seconds is None else round(shown.seconds, 3),
    )


def _kind(refresh: Refresh) -> schemas.RefreshKind:
    """Return what clients call a refresh; a cleared panel was refreshed as a whole."""
    return "partial" if refresh is Refresh.PARTIAL else "full"
