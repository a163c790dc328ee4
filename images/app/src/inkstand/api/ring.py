"""The latest events, numbered, for any number of viewers that read at their own speed.

Nothing is copied for a viewer and nobody waits for one: each is a place in the ring. One that is so
slow that its place was overwritten goes on at the oldest event that is left, and is told how many
it lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inkstand.api.item import Item

SIZE = 256


class Ring:
    """Events in the order they happened; the first has the number 1."""

    def __init__(self, size: int = SIZE) -> None:
        self._items: deque[Item] = deque(maxlen=size)
        self._grown = asyncio.Event()
        self.last = 0

    @property
    def first(self) -> int:
        """The number of the oldest event that is left."""
        return self.last - len(self._items) + 1

    def append(self, item: Item) -> None:
        """Append the item with the number `last` + 1, and wake up who waits for it."""
        self._items.append(item)
        self.last += 1
        self.wake()

    def wake(self) -> None:
        """Make everybody who waits look again."""
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    def item(self, number: int) -> Item:
        """Return the event with that number, which is one from `first` to `last`."""
        return self._items[number - self.first]

    async def wait(self) -> None:
        """Return when there is something new, or somebody called wake()."""
        await self._grown.wait()


class Viewer:
    """A place in a ring: what came after the event with the number `seen`.

    `token` is the id of the token by which it was let in.
    """

    def __init__(self, ring: Ring, seen: int, token: str) -> None:
        self.token = token
        self.closed = False
        self._ring = ring
        self._seen = seen

    def close(self) -> None:
        """Make it end before its next event."""
        self.closed = True
        self._ring.wake()

    def take(self) -> tuple[int, Item | None]:
        """Return how many events were lost since the last call, and the next one, if there is one.

        Where events were lost there is always a next one.
        """
        ring = self._ring
        lost = max(0, ring.first - 1 - self._seen)
        self._seen += lost
        if self._seen >= ring.last:
            return 0, None
        self._seen += 1
        return lost, ring.item(self._seen)

    async def wait(self, seconds: float) -> bool:
        """Return True when there may be something to take, False after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._ring.wait()
        except TimeoutError:
            return False
        return True
