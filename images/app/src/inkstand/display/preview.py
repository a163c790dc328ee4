"""Draws what people ask for, beside the event loop, one thing at a time: it takes its time."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from inkstand.errors import BusyError, PanelUnavailableError
from inkstand.pictures import conversion, worker
from inkstand.rendering import from_frame, to_frame, to_png

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from inkstand.display.display import Display
    from inkstand.rendering import Framing, Tone
    from inkstand.screens import MessageScreen

_T = TypeVar("_T")
# Pictures that may be sent or wait at a time, each with megabytes.
_PLACES = 8
_RETRY_AFTER = 2


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture of the panel's size: PNG, and which page it is of how many."""

    png: bytes
    page: int = 1
    pages: int = 1


class PreviewRenderer:
    """Draws for the panel that `display` has; `visitors` are who sends something large now."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._semaphore = asyncio.Semaphore(1)
        self.visitors = 0

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place for somebody who sends something large.

        Raises:
            BusyError: there is none left.
        """
        if self.visitors >= _PLACES:
            raise BusyError(_RETRY_AFTER)
        self.visitors += 1
        try:
            yield
        finally:
            self.visitors -= 1

    async def picture(self, data: bytes, said: str, framing: Framing, tone: Tone) -> bytes:
        """Return the picture that `data` encodes, sent as the media type `said`, as it is shown.

        Raises:
            InvalidPictureError, PictureTooLargeError: see conversion.prepare().
            PanelUnavailableError: nobody knows how large the panel is.
        """
        look = conversion.Look(self._size(), framing, tone)
        async with self._semaphore:
            return await worker.prepare(data, said, look)

    async def message(self, screen: MessageScreen, now: datetime) -> Preview:
        """Return how the panel would show `screen`.

        Raises:
            PanelUnavailableError: nobody knows how large the panel is.
        """
        async with self._semaphore:
            return await asyncio.to_thread(_draw, screen, self._size(), now)

    async def in_turn(self, draw: Callable[[tuple[int, int]], Awaitable[_T]]) -> _T:
        """Return what `draw` makes for the panel's size, when nothing else is drawn.

        Raises:
            BusyError: too many wait for that.
            PanelUnavailableError: nobody knows how large the panel is.
        """
        async with self.place(), self._semaphore:
            return await draw(self._size())

    def _size(self) -> tuple[int, int]:
        info = self._display.info
        if info is None:
            raise PanelUnavailableError(self._display.reason or "the panel has not answered yet")
        return info.size


def _draw(screen: MessageScreen, size: tuple[int, int], now: datetime) -> Preview:
    pages = screen.pages(size)
    png = to_png(from_frame(to_frame(screen.render(size, now), size)))
    return Preview(png, max(1, min(screen.page, pages)), pages)
