"""What the appliance does: a message comes onto the glass, the button takes it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkstand.events import ButtonPressed, MessageAccepted
from inkstand.screens import MessageScreen
from inkstand.storage import Message

if TYPE_CHECKING:
    from inkstand.clock import Clock
    from inkstand.display import Display
    from inkstand.events import Hub
    from inkstand.screens import Screen
    from inkstand.storage import Store


class Appliance:
    """Decides what the display is to show; `home` is what a press of the button goes back to."""

    def __init__(
        self, display: Display, store: Store, clock: Clock, hub: Hub, home: Screen
    ) -> None:
        self._display = display
        self._store = store
        self._clock = clock
        self._hub = hub
        self._home = home

    async def post(self, author: str, text: str) -> None:
        """Take in a message and show it; it is kept when this returns."""
        message = Message(text, author, self._clock.now())
        await self._store.add(message)
        self._display.show(MessageScreen(text, f"{author} at {message.at:%H:%M}"))
        self._hub.publish(MessageAccepted(message.at, author, text))

    async def run(self) -> None:
        """React to the button until cancelled."""
        with self._hub.listen() as events:
            async for event in events:
                if isinstance(event, ButtonPressed):
                    self._display.show(self._home)
