"""The time, large, with the weekday and the date."""

from __future__ import annotations

import functools
import itertools
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.clock import next_minute
from inkstand.rendering import blank
from inkstand.rendering.fonts import BOLD, REGULAR, Family
from inkstand.rendering.picture import draw_centred
from inkstand.rendering.text import largest_size

if TYPE_CHECKING:
    from datetime import datetime

    from PIL import Image

_UNKNOWN_TIME = "--:--"
_UNKNOWN_DATE = ("The time is", "not known yet")
# Sizes are those of the widest, so that nothing moves or grows from one day to the next.
_WIDEST_TIME = "00:00"
_WIDEST_DATE = ("Wednesday", "30 September 2026")
_FAMILIES = (BOLD, BOLD, REGULAR)
# Shares of the panel's width and height.
_TEXT_WIDTH = 0.95
_TIME_HEIGHT = 0.57
_DATE_HEIGHTS = (0.19, 0.16)
# How the white is dealt out: above the time, between the rows, below.
_GAPS = (3, 4, 3, 3)


@dataclass(frozen=True, slots=True)
class _Row:
    family: Family
    size: int
    baseline: int


@dataclass(frozen=True, slots=True)
class ClockScreen:
    """Hours and minutes in the zone of the time it is given.

    With `synchronised` false the time is not known, and it says so instead of showing one.
    """

    synchronised: bool = True

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:
        """Return the clock at `now`, which is aware."""
        image, rows = blank(size), zip(_rows(size), self._texts(now), strict=True)
        draw_centred(image, [(row.family.line(text, row.size), row.baseline) for row, text in rows])
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


# To look for the sizes costs more than to draw the clock, once a minute.
@functools.lru_cache(maxsize=4)
def _rows(size: tuple[int, int]) -> tuple[_Row, ...]:
    fonts = _fonts(size)
    # From the baseline to the top of a digit.
    heights = [family.line("0", points).ink_ascent for family, points in fonts]
    gaps = _gaps(size[1] - sum(heights))
    baselines = itertools.accumulate(map(operator.add, gaps, heights))
    return tuple(_Row(*font, baseline) for font, baseline in zip(fonts, baselines, strict=True))


def _fonts(size: tuple[int, int]) -> list[tuple[Family, int]]:
    width = int(_TEXT_WIDTH * size[0])
    limits = [max(1, int(share * size[1])) for share in (_TIME_HEIGHT, *_DATE_HEIGHTS)]
    return [
        (family, largest_size(widest, width, limit, family))
        for family, widest, limit in zip(
            _FAMILIES, (_WIDEST_TIME, *_WIDEST_DATE), limits, strict=True
        )
    ]


def _gaps(white: int) -> list[int]:
    return [max(1, white * share // sum(_GAPS)) for share in _GAPS]
