"""What viewers are told: the events of the hub, numbered and encoded once for all of them."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from inkstand import __version__
from inkstand.api import views
from inkstand.api.declared import as_json, rfc_3339
from inkstand.api.item import Item
from inkstand.api.pngs import Pngs
from inkstand.api.ring import Ring, Viewer
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

if TYPE_CHECKING:
    from inkstand.clock import Clock
    from inkstand.display.display import Display
    from inkstand.events import Event, Hub
    from inkstand.frame import Frame
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


class Feed:
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
        self._ring = Ring()
        self._pngs = Pngs()

    async def run(self) -> None:
        """Take down what happens until cancelled."""
        with self._hub.listen(_BACKLOG, (*_KINDS, TokenRevoked)) as events:
            async for event in events:
                if isinstance(event, TokenRevoked):
                    self.close(event.token_id)
                else:
                    self._take(event)

    async def png(self, frame: Frame) -> bytes:
        """Return `frame` as a PNG, made once."""
        return await self._pngs.of(frame)

    def join(self, last_seen: str | None, token: str) -> tuple[Viewer, Item | None]:
        """Return a viewer that goes on after the event `last_seen`, and what it gets first if any.

        That is `hello` when it cannot go on there: from another run, too old, or None.

        Raises:
            TooManyStreamsError: so many look already, with that token or in all.
        """
        self._refuse_crowds(token)
        number = self._number(last_seen)
        first = self.hello() if number is None else None
        viewer = Viewer(self._ring, self._ring.last if number is None else number, token)
        self.viewers.add(viewer)
        return viewer, first

    def _refuse_crowds(self, token: str) -> None:
        if len(self.viewers) >= MAX_STREAMS:
            raise TooManyStreamsError(MAX_STREAMS, "open", _RETRY_AFTER)
        if sum(viewer.token == token for viewer in self.viewers) >= MAX_STREAMS_OF_A_TOKEN:
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

    def hello(self) -> Item:
        """Return the event that tells how everything is now."""
        return Item(self._name(self._ring.last), "hello", self._hello)

    def _number(self, name: str | None) -> int | None:
        """Return the number of an event after which everything is still there, or None."""
        boot, _, digits = (name or "").partition("-")
        if boot != self._boot or not (digits.isascii() and digits.isdigit()):
            return None
        number = int(digits[:_DIGITS])
        return number if self._ring.first - 1 <= number <= self._ring.last else None

    def _name(self, number: int) -> str:
        return f"{self._boot}-{number}"

    def _take(self, event: Event) -> None:
        kind = _KINDS[type(event)]
        self._ring.append(Item(self._name(self._ring.last + 1), kind, partial(self._told, event)))

    async def _told(self, event: Event) -> dict[str, Any]:
        if isinstance(event, FrameShown):
            png = await self._pngs.base64(event.frame)
            width, height = event.frame.size
            return {**as_json(views.frame(event)), "width": width, "height": height, "png": png}
        told: dict[str, Any] = as_json(views.event(event))
        return told

    async def _hello(self) -> dict[str, Any]:
        shown = self._display.last_refresh
        png = None if shown is None else await self._pngs.base64(shown.frame)
        return {
            "version": __version__,
            "time": rfc_3339(self._clock.now()),
            "panel": as_json(views.panel(self._display)),
            "screen": as_json(views.screen(self._controller.screen_state())),
            "png": png,
        }
