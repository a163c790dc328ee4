"""Text onto a picture of mode "1"."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from PIL import Image

from inkstand.rendering import pango

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inkstand.rendering.layout import Layout
    from inkstand.rendering.pango import Line

WHITE, BLACK = 1, 0


class Align(enum.Enum):
    """Where lines stand in their box; START is the left, or the right for right-to-left text."""

    START = "start"
    CENTRE = "centre"
    END = "end"


def blank(size: tuple[int, int]) -> Image.Image:
    """Return a white picture of mode "1", `size` is width and height in pixels."""
    return Image.new("1", size, WHITE)


def draw_layout(
    image: Image.Image,
    layout: Layout,
    box: tuple[int, int, int, int],
    align: Align = Align.START,
) -> None:
    """Draw the lines of `layout` into `box` (left, top, right, bottom), centred vertically."""
    left, top, right, bottom = box
    top += max(0, (bottom - top - layout.height) // 2)
    placed = []
    for line in layout.lines:
        placed.append((line, left + _indent(line, right - left, align), top + line.ascent))
        top += line.height
    _draw(image, placed)


def draw_line(image: Image.Image, origin: tuple[int, int], line: Line) -> None:
    """Draw one line; `origin` is its left end on the baseline."""
    _draw(image, [(line, *origin)])


def draw_centred(image: Image.Image, lines: Iterable[tuple[Line, int]]) -> None:
    """Draw lines in the middle of the picture; each comes with where its baseline is."""
    _draw(image, [(line, (image.width - line.width) // 2, baseline) for line, baseline in lines])


def _draw(image: Image.Image, placed: Iterable[tuple[Line, int, int]]) -> None:
    grey = Image.frombytes("L", image.size, pango.draw(placed, image.size))
    image.paste(BLACK, mask=grey.convert("1", dither=Image.Dither.NONE))


def _indent(line: Line, width: int, align: Align) -> int:
    free = max(0, width - line.width)
    if align is Align.CENTRE:
        return free // 2
    return free if (align is Align.END) != line.rtl else 0
