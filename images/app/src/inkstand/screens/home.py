"""What is on the glass when there is nothing else to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.language import ENGLISH, Language
from inkstand.screens.clock import ClockScreen, Face

if TYPE_CHECKING:
    from datetime import datetime

    from PIL import Image

    from inkstand.clock import TimeSource


@dataclass(frozen=True, slots=True)
class HomeScreen:
    """The clock, which shows no time while `time` says that nobody knows it."""

    time: TimeSource
    language: Language = ENGLISH
    face: Face = Face.TIME

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:
        """Return the clock at `now`, which is aware."""
        return ClockScreen(self.time.synchronised, self.language, self.face).render(size, now)

    def pages(self, size: tuple[int, int]) -> int:
        """Return 1: it is one picture."""
        return ClockScreen().pages(size)

    def next_change(self, now: datetime) -> datetime:
        """Return the next full minute."""
        return ClockScreen().next_change(now)
