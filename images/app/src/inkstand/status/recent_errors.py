"""What went wrong lately, for people who ask."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from inkstand.events import (
    BrokerChanged,
    ButtonChanged,
    PanelChanged,
    ScreenFailed,
    StorageChanged,
    WebhookChanged,
)

if TYPE_CHECKING:
    from datetime import datetime

    from inkstand.events import Event, Hub

_PARTS = {
    BrokerChanged: "broker",
    ButtonChanged: "button",
    PanelChanged: "panel",
    StorageChanged: "storage",
}
_KINDS = (*_PARTS, ScreenFailed, WebhookChanged)
_SIZE = 10


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that went wrong: when (in UTC), and what, in one sentence."""

    at: datetime
    what: str


class RecentErrors:
    """The last 10 troubles; one that goes on is written down once."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._troubles: deque[Trouble] = deque(maxlen=_SIZE)
        self._open: dict[str, str] = {}

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What went wrong, newest first."""
        return tuple(reversed(self._troubles))

    def note(self, at: datetime, what: str) -> None:
        """Write down something that no event tells of."""
        self._note(at, what)

    async def run(self) -> None:
        """Take notes of what happens until cancelled."""
        with self._hub.listen(kinds=_KINDS) as events:
            async for event in events:
                self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case ScreenFailed(at=at, screen=screen):
                self._note(at, f"screen: a {type(screen).__name__} cannot be drawn")
            case WebhookChanged(at=at, name=name, reason=reason):
                self._follow(f"webhook {name}", at, reason)
            case BrokerChanged() | PanelChanged() | ButtonChanged() | StorageChanged():
                self._follow(_PARTS[type(event)], event.at, event.reason)

    def _follow(self, part: str, at: datetime, reason: str | None) -> None:
        if reason is None:
            self._open.pop(part, None)
        elif self._open.get(part) != reason:
            self._open[part] = reason
            self._note(at, f"{part}: {reason}")

    def _note(self, at: datetime, what: str) -> None:
        self._troubles.append(Trouble(at.astimezone(UTC), what))
