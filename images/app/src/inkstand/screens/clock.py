"""The time, large, with the weekday and the date; upright panels have the minutes below the hours.

A face is rows of text below each other. Their sizes are those of the widest that may ever stand
there, so that nothing moves or grows from one day to the next.
"""

from __future__ import annotations

import enum
import functools
import itertools
import operator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inkstand.clock import next_minute
from inkstand.language import ENGLISH, Language
from inkstand.rendering import blank
from inkstand.rendering.fonts import BOLD, REGULAR, Family
from inkstand.rendering.picture import draw_lines
from inkstand.rendering.text import largest_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from inkstand.rendering import Line

# Of the panel's width.
_TEXT_WIDTH = 0.95
# AM and PM, of the size of the digits before them.
_HALF_SIZE = 0.4
_MEASURED_SIZE = 40
_READABLE = 10
_SEPTEMBER = 9


class Face(enum.StrEnum):
    """What an owner can choose."""

    TIME = "time"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class _Row:
    """What stands in a row, and how high it may be at most, as a share of the panel's height.

    With `half`, AM or PM stands beside it. Where that would be too small to read, it is `shorter`.
    """

    text: Callable[[Language, datetime], str]
    family: Family
    share: float
    half: bool = False
    shorter: _Row | None = None

    def lines(self, language: Language, now: datetime, em: int) -> list[Line]:
        """Return what stands there beside each other, in letters of `em` pixels."""
        half = language.half(now) if self.half else ""
        texts = ((self.text(language, now), em), (half and f"\u00a0{half}", int(_HALF_SIZE * em)))
        return [self.family.line(text, size) for text, size in texts if text]


# One moment of each month and of each weekday, with as many digits as there may be.
_MOMENTS = tuple(
    datetime(2026, month, day, 22, 48, tzinfo=UTC)
    for month in range(1, 13)
    for day in (range(21, 28) if month == _SEPTEMBER else (28,))
)
_TIME = _Row(lambda it, now: it.digits(now), BOLD, 0.57, half=True)
_WEEKDAY = _Row(lambda it, now: it.weekday(now), BOLD, 0.19)
_SHORT_DAY = _Row(lambda it, now: it.day(now, short=True), REGULAR, 0.16)
_DATE = _Row(lambda it, now: it.date(now), REGULAR, 0.16, shorter=_SHORT_DAY)
_WEEK = _Row(
    lambda language, now: language.text("Week {number}", number=now.isocalendar().week), BOLD, 0.13
)
_UPRIGHT = (
    _Row(lambda it, now: it.digits(now).partition(":")[0], BOLD, 0.33),
    _Row(lambda _, now: f"{now:%M}", BOLD, 0.33),
    _Row(lambda it, now: it.half(now), BOLD, 0.07),
    _Row(lambda it, now: it.weekday(now), BOLD, 0.11),
    _Row(lambda it, now: it.day(now), REGULAR, 0.1, shorter=replace(_SHORT_DAY, share=0.1)),
)
_FACES = {
    Face.TIME: (_TIME, _WEEKDAY, _DATE),
    Face.DATE: (replace(_TIME, share=0.45), replace(_WEEKDAY, share=0.17), _DATE, _WEEK),
}
_UPRIGHT_FACES = {
    Face.TIME: (*_UPRIGHT, _Row(lambda _, now: f"{now.year}", REGULAR, 0.1)),
    Face.DATE: (*_UPRIGHT, replace(_WEEK, share=0.1)),
}
_UNKNOWN = (
    _Row(lambda *_: "--:--", BOLD, 0.57),
    _Row(lambda language, _: language.text("The time is"), BOLD, 0.19),
    _Row(lambda language, _: language.text("not known yet"), REGULAR, 0.16),
)


@dataclass(frozen=True, slots=True)
class ClockScreen:
    """Hours and minutes in the zone of the time it is given, and what else is on its face.

    With `synchronised` false the time is not known, and it says so instead of showing one.
    """

    synchronised: bool = True
    language: Language = ENGLISH
    face: Face = Face.TIME

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:
        """Return the clock at `now`, which is aware."""
        image, rows = blank(size), self._rows(size)
        placed: list[tuple[Line, int, int]] = []
        for row, em, baseline in _places(rows, size, self.language):
            lines = row.lines(self.language, now, em)
            left = (size[0] - sum(line.width for line in lines)) // 2
            for line in lines:
                placed.append((line, left, baseline))
                left += line.width
        draw_lines(image, placed)
        return image

    def pages(self, size: tuple[int, int]) -> int:  # noqa: ARG002 Screen
        """Return 1: it is one picture."""
        return 1

    def next_change(self, now: datetime) -> datetime:
        """Return the next full minute."""
        return next_minute(now)

    def _rows(self, size: tuple[int, int]) -> tuple[_Row, ...]:
        if not self.synchronised:
            return _UNKNOWN
        faces = _UPRIGHT_FACES if size[1] > size[0] else _FACES
        return _that_say_something(faces[self.face], self.language)


@functools.lru_cache(maxsize=4)
def _that_say_something(rows: tuple[_Row, ...], language: Language) -> tuple[_Row, ...]:
    """Return `rows` without that for AM and PM where all hours are counted."""
    return tuple(row for row in rows if row.text(language, _MOMENTS[0]))


# To look for the sizes costs more than to draw the clock, once a minute.
@functools.lru_cache(maxsize=4)
def _places(
    rows: tuple[_Row, ...], size: tuple[int, int], language: Language
) -> tuple[tuple[_Row, int, int], ...]:
    """Return the rows for which there is room, each with the size of its font and its baseline."""
    sized = [_sized(row, size, language) for row in rows]
    # From the baseline to the top of a digit.
    heights = [row.family.line("0", em).ink_ascent for row, em in sized]
    gaps = _gaps(size[1] - sum(heights), len(rows))
    baselines = itertools.accumulate(map(operator.add, gaps, heights))
    return tuple((*each, baseline) for each, baseline in zip(sized, baselines, strict=True))


def _sized(row: _Row, size: tuple[int, int], language: Language) -> tuple[_Row, int]:
    em = _font_size(row, size, language)
    if em < _READABLE and row.shorter:
        return _sized(row.shorter, size, language)
    return row, em


def _font_size(row: _Row, size: tuple[int, int], language: Language) -> int:
    shown = [row.lines(language, moment, _MEASURED_SIZE) for moment in _MOMENTS]
    widest = max(shown, key=lambda lines: sum(line.width for line in lines))
    share = widest[0].width / sum(line.width for line in widest)
    width, limit = int(_TEXT_WIDTH * size[0]) * share, max(1, int(row.share * size[1]))
    return largest_size(widest[0].text, width, limit, row.family)


def _gaps(white: int, rows: int) -> list[int]:
    """Return the white above each row, and below the last: more of it below the time."""
    shares = [4 if place == 1 else 3 for place in range(rows + 1)]
    return [max(1, white * share // sum(shares)) for share in shares]
