"""What happens in Inkstand, as facts, and the hub that tells whoever wants to know."""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from inkstand.frame import Frame
    from inkstand.panel import Refresh
    from inkstand.screens import Screen


class Event(Protocol):
    """Something that has happened."""

    @property
    def at(self) -> datetime:
        """When it happened, aware."""
        ...


class Gesture(enum.StrEnum):
    """What somebody did with the button."""

    SHORT = "short"
    LONG = "long"
    DOUBLE = "double"


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """Somebody used the button; `at` is aware."""

    at: datetime
    gesture: Gesture


@dataclass(frozen=True, slots=True)
class ScreenEvent:
    """Something about a screen that was asked for."""

    at: datetime
    screen: Screen


@dataclass(frozen=True, slots=True)
class ScreenDrawn(ScreenEvent):
    """It is drawn and on its way onto the glass; it has so many pages."""

    pages: int


class ScreenShown(ScreenEvent):
    """The glass shows it for the first time."""


class ScreenFailed(ScreenEvent):
    """It cannot be drawn."""


@dataclass(frozen=True, slots=True)
class RefreshStarted:
    """The panel begins to refresh; it ends with FrameShown or with PanelChanged."""

    at: datetime
    refresh: Refresh


@dataclass(frozen=True, slots=True)
class FrameShown:
    """The glass shows `frame`, read back from the driver; `seconds` is what the refresh took.

    Both `refresh` and `seconds` are None for a frame that was found there, drawn by somebody else.
    """

    at: datetime
    frame: Frame
    refresh: Refresh | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class PanelChanged:
    """The panel is well again (`reason` None) or is not, told anew for each refresh that fails."""

    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class ButtonChanged:
    """The button can be read again (`reason` None) or cannot."""

    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class StorageChanged:
    """What happens to messages can be kept again (`reason` None) or cannot."""

    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class BrokerChanged:
    """The MQTT broker is there (`reason` None) or is not; each time that it lets us in."""

    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class WebhookChanged:
    """The webhook `name` is well again (`reason` None), or has failed for long."""

    at: datetime
    name: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class TokenRevoked:
    """A token or a session is good no longer; whoever came with it has to go."""

    at: datetime
    token_id: str


class Listener:
    """Events for one reader, oldest first: `async for event in listener`.

    It gets those of `kinds`, and holds `size` of them; a reader that is slower than that loses the
    oldest, and `lost` counts them.
    """

    def __init__(self, size: int, kinds: tuple[type, ...] = (object,)) -> None:
        self.lost = 0
        self._kinds = kinds
        self._events: deque[Event] = deque(maxlen=size)
        self._filled = asyncio.Event()

    def put(self, event: Event) -> None:
        """Append an event if it is one that is wanted; never waits."""
        if not isinstance(event, self._kinds):
            return
        self.lost += len(self._events) == self._events.maxlen
        self._events.append(event)
        self._filled.set()

    def __aiter__(self) -> Listener:
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            self._filled.clear()
            await self._filled.wait()
        return self._events.popleft()


class Hub:
    """Hands every event to every listener; nobody waits for anybody."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def publish(self, event: Event) -> None:
        """Give `event` to all who listen now; to be called in the event loop's thread."""
        for listener in self._listeners:
            listener.put(event)

    @contextlib.contextmanager
    def listen(self, size: int = 32, kinds: tuple[type, ...] = (object,)) -> Iterator[Listener]:
        """Yield a listener that gets what is published, of `kinds`, until the block is left."""
        listener = Listener(size, kinds)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
