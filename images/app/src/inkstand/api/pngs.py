"""Frames as PNG files, each made once, in a thread."""

from __future__ import annotations

import asyncio
import base64
from collections import OrderedDict
from typing import TYPE_CHECKING

from inkstand.rendering import from_frame, to_png

if TYPE_CHECKING:
    from inkstand.frame import Frame

# The one on the glass, and those that viewers who are late still have to get.
_KEPT = 4


class Pngs:
    """The PNG files of the latest frames."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[Frame, asyncio.Task[bytes]] = OrderedDict()

    async def of(self, frame: Frame) -> bytes:
        """Return `frame` as a PNG file."""
        task = self._tasks.get(frame)
        if task is None:
            task = self._tasks[frame] = asyncio.ensure_future(asyncio.to_thread(_png, frame))
            if len(self._tasks) > _KEPT:
                self._tasks.popitem(last=False)
        # Somebody who goes away must not take it from those who wait for the same.
        return await asyncio.shield(task)

    async def base64(self, frame: Frame) -> str:
        """Return the same as text."""
        return base64.b64encode(await self.of(frame)).decode()


def _png(frame: Frame) -> bytes:
    return to_png(from_frame(frame))
