"""The time, large, with the weekday and the date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.clock import next_minute
from inkstand.rendering import blank
from inkstand.rendering.draw import draw_centred
from inkstand.rendering.fonts import BOLD, REGULAR, Family
from inkstand.rendering.layout import largest_size

if TYPE_CHECKING:
    from datetime import datetime

    from PIL import Image

_UNKNOWN_TIME = "--:--"
_UNKNOWN_DATE = ("The time is", "not known yet")
# Sizes are those of the widest, so that nothing moves or grows from one day to the next.
_WIDEST_TIME = "00:00"
_WIDEST_DATE = ("Wednesday", "30 September 2026")
# Shares of the panel's width and height.
_TEXT_WIDTH = 0.95
_TIME_HEIGHT = 0.57
_DATE_HEIGHTS = (0.19, 0.16)
# How the white is dealt out: above the time, between the rows, below.
_GAPS = (3, 4, 3, 3)


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    family: Family
    size: int

    @property
    def height(self) -> int:
        """Pixels from the baseline to the top of a capital or a digit."""
        return self.family.line("0", self.size).ink_ascent


@dataclass(frozen=True, slots=True)
class ClockScreen:
    """Hours and minutes in the zone of the time it is given.

    With `synchronised` false the time is not known, and it says so instead of showing one.
    """

    synchronised: bool = True

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:
        """Return the clock at `now`, which is aware."""
        rows, image = _rows(self._texts(now), size), blank(size)
        gaps = _gaps(size[1] - sum(row.height for row in rows))
        baseline = 0
        for row, gap in zip(rows, gaps, strict=False):
            baseline += gap + row.height
            draw_centred(image, baseline, row.text, row.family, row.size)
        return image

    def pages(self, size: tuple[int, int]) -> int:  # noqa: ARG002 Screen
        """Return 1: it is one picture."""
        return 1

    def next_change(self, now: datetime) -> datetime:
        """Return the next full minute."""
        return next_minute(now)

    def _texts(self, now: datetime) -> tuple[str, str, str]:
        if not self.synchronised:
            return (_UNKNOWN_TIME, *_UNKNOWN_DATE)
        return (f"{now:%H:%M}", f"{now:%A}", f"{now.day} {now:%B} {now.year}")


def _rows(texts: tuple[str, str, str], size: tuple[int, int]) -> list[_Row]:
    width = int(_TEXT_WIDTH * size[0])
    limits = [max(1, int(share * size[1])) for share in (_TIME_HEIGHT, *_DATE_HEIGHTS)]
    families = (BOLD, BOLD, REGULAR)
    widest = (_WIDEST_TIME, *_WIDEST_DATE)
    return [
        _Row(text, family, largest_size(template, width, limit, family))
        for text, template, limit, family in zip(texts, widest, limits, families, strict=True)
    ]


def _gaps(white: int) -> list[int]:
    return [max(1, white * share // sum(_GAPS)) for share in _GAPS]
