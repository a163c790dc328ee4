"""Text onto a picture of mode "1"."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from inkstand.rendering.bidi import Run, is_rtl, visual_runs
from inkstand.rendering.layout import Layout, Line, Ruler, spaced
from inkstand.rendering.text import clusters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inkstand.rendering.fonts import Face, Family

WHITE, BLACK = 1, 0
_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")  # noqa: RUF001 - brackets


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
    family: Family,
    align: Align = Align.START,
) -> None:
    """Draw the lines of `layout` into `box` (left, top, right, bottom), centred vertically."""
    ruler = Ruler(family, layout.size)
    left, top, right, bottom = box
    top += max(0, (bottom - top - ruler.pitch * len(layout.lines)) // 2)
    for number, line in enumerate(layout.lines):
        x = left + _indent(line, right - left, ruler, align)
        baseline = top + number * ruler.pitch + ruler.ascent
        draw_line(image, (x, baseline), line, family, layout.size)


def draw_line(
    image: Image.Image, origin: tuple[int, int], line: Line, family: Family, size: int
) -> None:
    """Draw one line; `origin` is its left end on the baseline."""
    canvas, (x, y) = ImageDraw.Draw(image), origin
    for face, run in _pieces(Line(spaced(line.text, size), line.rtl), family):
        font = face.at(size)
        text, direction = _shaped(run, font)
        canvas.text((x, y), text, BLACK, font, "ls", direction=direction)
        x += round(font.getlength(text, "1", direction))


def draw_centred(image: Image.Image, baseline: int, text: str, family: Family, size: int) -> None:
    """Draw clean `text` on one line in the middle of the picture."""
    line = Line(text, is_rtl(text))
    x = (image.width - round(Ruler(family, size).width(text))) // 2
    draw_line(image, (x, baseline), line, family, size)


def _indent(line: Line, width: int, ruler: Ruler, align: Align) -> int:
    free = max(0, int(width - ruler.width(line.text)))
    if align is Align.CENTRE:
        return free // 2
    return free if (align is Align.END) != line.rtl else 0


def _pieces(line: Line, family: Family) -> Iterator[tuple[Face, Run]]:
    for run in visual_runs(line.text, rtl=line.rtl):
        pieces = family.split(run.text)
        for face, text in reversed(pieces) if run.rtl else pieces:
            yield face, Run(text, run.rtl)


def _shaped(run: Run, font: ImageFont.FreeTypeFont) -> tuple[str, str | None]:
    """Return what Pillow is given: without libraqm right-to-left text is turned around here.

    It then lacks its points and the joined shapes of Arabic letters, but can be read.
    """
    if font.layout_engine is ImageFont.Layout.RAQM:
        return run.text, "rtl" if run.rtl else "ltr"
    if run.rtl:
        letters = [cluster[0] for cluster in clusters(run.text.translate(_MIRRORED))]
        return "".join(reversed(letters)), None
    return run.text, None
