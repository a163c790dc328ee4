"""What viewers are told: the events of the hub, numbered and encoded once for all of them."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Any

from inkstand import __version__
from inkstand.api.events import Backlog, StreamEvent, Viewer
from inkstand.api.messages import Message
from inkstand.api.panel import Frame, Panel, Refreshing, Screen
from inkstand.api.schemas import as_json, rfc_3339
from inkstand.errors import TooManyStreamsError
from inkstand.events import (
    ButtonChanged,
    ButtonPressed,
    FrameShown,
    PanelChanged,
    RefreshStarted,
    TokenRevoked,
)
from inkstand.messages.events import MessageChanged, ScreenChanged
from inkstand.rendering import from_frame, to_png

if TYPE_CHECKING:
    from inkstand.clock import Clock
    from inkstand.display.display import Display
    from inkstand.events import Event, Hub
    from inkstand.frame import Frame as Pixels
    from inkstand.messages.controller import Controller

# What viewers are told, and how it is called there.
_KINDS: dict[type[Event], str] = {
    MessageChanged: "message",
    RefreshStarted: "refreshing",
    FrameShown: "frame",
    ScreenChanged: "screen",
    ButtonPressed: "button",
    PanelChanged: "panel",
    ButtonChanged: "line",
}
# Events that may come in one turn of the event loop: a commit of many messages is one.
_BACKLOG = 4096
# A stream costs memory here and a connection in the proxy; nobody's token may use up all of them.
MAX_STREAMS = 64
MAX_STREAMS_OF_A_TOKEN = 32
_RETRY_AFTER = 30
# More than any number of events has.
_DIGITS = 18
# The one on the glass, and those that viewers who are late still have to get.
_KEPT = 4


class Broadcaster:
    """The one listener for all viewers. Events have ids `<boot>-<number>`, boot new at each start.

    `viewers` are those that look now.
    """

    def __init__(self, hub: Hub, controller: Controller, display: Display, clock: Clock) -> None:
        self.viewers: set[Viewer] = set()
        self._hub = hub
        self._controller = controller
        self._display = display
        self._clock = clock
        self._boot = secrets.token_hex(4)
        self._backlog = Backlog()
        self._pngs = Pngs()

    async def run(self) -> None:
        """Take down what happens until cancelled."""
        with self._hub.listen(_BACKLOG, (*_KINDS, TokenRevoked)) as events:
            async for event in events:
                if isinstance(event, TokenRevoked):
                    self.close(event.token_id)
                else:
                    self._take(event)

    async def png(self, frame: Pixels) -> bytes:
        """Return `frame` as a PNG, made once."""
        return await self._pngs.of(frame)

    def join(
        self, last_seen: str | None, token: str, holder: str = ""
    ) -> tuple[Viewer, StreamEvent | None]:
        """Return a viewer that goes on after the event `last_seen`, and what it gets first if any.

        That is `hello` when it cannot go on there: from another run, too old, or None. `holder` is
        who has the token, if they have others as well.

        Raises:
            TooManyStreamsError: so many look already, of that holder or in all.
        """
        self._refuse_crowds(holder or token)
        number = self._number(last_seen)
        first = self.hello() if number is None else None
        seen = self._backlog.last if number is None else number
        viewer = Viewer(self._backlog, seen, token, holder)
        self.viewers.add(viewer)
        return viewer, first

    def _refuse_crowds(self, holder: str) -> None:
        if len(self.viewers) >= MAX_STREAMS:
            raise TooManyStreamsError(MAX_STREAMS, "open", _RETRY_AFTER)
        if sum(viewer.holder == holder for viewer in self.viewers) >= MAX_STREAMS_OF_A_TOKEN:
            whose = "open with this token"
            raise TooManyStreamsError(MAX_STREAMS_OF_A_TOKEN, whose, _RETRY_AFTER)

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        self.viewers.discard(viewer)

    def close(self, token: str | None = None) -> None:
        """Make the streams end that the token with that id opened (None: all of them)."""
        for viewer in self.viewers:
            if token is None or viewer.token == token:
                viewer.close()

    def hello(self) -> StreamEvent:
        """Return the event that tells how everything is now."""
        return StreamEvent(self._name(self._backlog.last), "hello", self._hello)

    def _number(self, name: str | None) -> int | None:
        """Return the number of an event after which everything is still there, or None."""
        boot, _, digits = (name or "").partition("-")
        if boot != self._boot or not (digits.isascii() and digits.isdigit()):
            return None
        number = int(digits[:_DIGITS])
        return number if self._backlog.first - 1 <= number <= self._backlog.last else None

    def _name(self, number: int) -> str:
        return f"{self._boot}-{number}"

    def _take(self, event: Event) -> None:
        kind = _KINDS[type(event)]
        self._backlog.append(
            StreamEvent(self._name(self._backlog.last + 1), kind, partial(self._told, event))
        )

    async def _told(self, event: Event) -> dict[str, Any]:
        if isinstance(event, FrameShown):
            png = await self._pngs.base64(event.frame)
            width, height = event.frame.size
            return {**as_json(Frame.of(event)), "width": width, "height": height, "png": png}
        told: dict[str, Any] = as_json(_told_of(event))
        return told

    async def _hello(self) -> dict[str, Any]:
        shown = self._display.last_refresh
        png = None if shown is None else await self._pngs.base64(shown.frame)
        return {
            "version": __version__,
            "time": rfc_3339(self._clock.now()),
            "panel": as_json(Panel.of(self._display)),
            "screen": as_json(Screen.of(self._controller.state.screen)),
            "png": png,
        }


class Pngs:
    """The PNG files of the latest frames."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[Pixels, asyncio.Task[bytes]] = OrderedDict()

    async def of(self, frame: Pixels) -> bytes:
        """Return `frame` as a PNG file."""
        task = self._tasks.get(frame)
        if task is None:
            task = self._tasks[frame] = asyncio.ensure_future(asyncio.to_thread(_png, frame))
            if len(self._tasks) > _KEPT:
                self._tasks.popitem(last=False)
        # Somebody who goes away must not take it from those who wait for the same.
        return await asyncio.shield(task)

    async def base64(self, frame: Pixels) -> str:
        """Return the same as text."""
        return base64.b64encode(await self.of(frame)).decode()


def _png(frame: Pixels) -> bytes:
    return to_png(from_frame(frame))


def _told_of(event: Event) -> object:
    """Return what is told about an event, except for a frame, which has its pixels with it."""
    match event:
        case MessageChanged(message=changed, previous=previous):
            return {"message": Message.of(changed), "previous": previous}
        case RefreshStarted():
            return Refreshing.of(event)
        case ScreenChanged(state=state):
            return Screen.of(state)
        case ButtonPressed(at=at, gesture=gesture):
            return {"gesture": gesture, "at": at}
        case PanelChanged(at=at, reason=reason) | ButtonChanged(at=at, reason=reason):
            return {"reason": reason, "at": at}
    raise TypeError(f"nobody is told about {type(event).__name__}")
