"""What everything that can be on the panel has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from PIL import Image


class Screen(Protocol):
    """A picture that may change by itself. Screens are frozen and equal when they look equal."""

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:
        """Return a picture of mode "1" and `size` (width, height); `now` is aware.

        May take tens of milliseconds: not for the event loop's thread.
        """
        ...

    def next_change(self, now: datetime) -> datetime | None:
        """Return when the picture after `now` (both aware) is another one, None if never."""
        ...
