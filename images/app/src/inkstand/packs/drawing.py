"""A filled layout onto a picture of mode "1": pure, for any size."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING

from PIL import Image

from inkstand.language import ENGLISH, Language
from inkstand.media_types import BYTES
from inkstand.packs import boxes, grids
from inkstand.pictures import conversion
from inkstand.rendering import Align, blank, clean, draw_layout, fit
from inkstand.rendering.fonts import BOLD, REGULAR
from inkstand.rendering.picture import BLACK, draw_line
from inkstand.rendering.qr import draw_code
from inkstand.rendering.text import SIZES, largest_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from inkstand.rendering.fonts import Family

_MARGIN = 3
_GAP = 4
_RULE = 1
# A box with less than this is left empty.
_LEAST = 6
_FOOTER_SIZES = (10, 11, 12)
_FOOTER_SHARE = 0.08
# Of a font's em: how high digits are, and the most by which one is larger than its box is high.
_DIGIT, _TALLEST = 0.73, 1.3
_LABEL_SHARE, _BARS_SHARE = 0.17, 0.3
_LABEL_SIZES = (11, 12, 13, 14, 16, 18, 20)
# Below this a number has no room for bars.
_LEAST_FOR_BARS = 64
_SIGN_FROM = 20


def draw(box: boxes.Box, size: tuple[int, int], footer: str = "") -> Image.Image:
    """Return `box` on a picture of `size` (width, height), with `footer` small below to the right.

    Raises:
        InvalidPictureError, PictureTooLargeError: a picture in it cannot be shown.
    """
    image = blank(size)
    height = size[1] - 2 * _MARGIN
    if footer:
        height -= _draw_footer(image, footer)
    _paste(image, box, (_MARGIN, _MARGIN, size[0] - 2 * _MARGIN, height))
    return image


def draw_problem(title: str, sentence: str, size: tuple[int, int]) -> Image.Image:
    """Return a picture of `size` that says what is wrong with the pack called `title`."""
    parts = ((1.0, boxes.Text(title, Align.START, bold=True, largest=20)), (0.0, boxes.Rule()))
    text = boxes.Text(sentence, Align.START, largest=20)
    return draw(boxes.Stack((*parts, (4.0, text))), size)


def as_of(fetched_at: datetime, now: datetime, language: Language = ENGLISH) -> str:
    """Return the age of data as people are told: the time, and the day if that is not today."""
    at = fetched_at.astimezone(now.tzinfo)
    day = "" if at.date() == now.date() else f"{language.day(at, short=True)} "
    return language.text("as of {time}", time=f"{day}{language.time(at)}")


def _paste(image: Image.Image, box: boxes.Box, place: tuple[int, int, int, int]) -> None:
    """Draw `box` at `place`: left, top, width, height. Nothing of it gets out of there."""
    left, top, width, height = place
    if min(width, height) >= _LEAST or (isinstance(box, boxes.Rule) and min(width, height) > 0):
        image.paste(_drawn(box, (width, height)), (left, top))


@functools.singledispatch
def _drawn(_box: boxes.Box, size: tuple[int, int]) -> Image.Image:
    return blank(size)


@_drawn.register
def _(_box: boxes.Rule, size: tuple[int, int]) -> Image.Image:
    image = blank(size)
    middle = size[1] // 2
    image.paste(BLACK, (0, middle, size[0], middle + _RULE))
    return image


@_drawn.register
def _(box: boxes.Text, size: tuple[int, int]) -> Image.Image:
    image, text = blank(size), clean(box.text)
    sizes = tuple(it for it in SIZES if it <= box.largest)
    layout = fit(text, size, _family(box), sizes)
    # As a message is: a short text is a sign, a long one a letter.
    align = Align.CENTRE if layout.size >= _SIGN_FROM and "\n" not in text else Align.START
    draw_layout(image, layout, (0, 0, *size), box.align or align)
    return image


def _family(box: boxes.Text) -> Family:
    return BOLD if box.bold else REGULAR


@_drawn.register
def _(box: boxes.Number, size: tuple[int, int]) -> Image.Image:
    image, top, bottom = blank(size), 0, size[1]
    if box.label or box.trend:
        top = _draw_label(image, box)
    if box.bars and size[1] >= _LEAST_FOR_BARS:
        bottom -= int(_BARS_SHARE * size[1])
        _paste(image, boxes.Bars(box.bars), (0, bottom, size[0], size[1] - bottom))
        bottom -= _GAP
    number = _figure(_on_one_line(box.text), (size[0], bottom - top))
    image.paste(number, ((size[0] - number.width) // 2, top))
    return image


def _draw_label(image: Image.Image, box: boxes.Number) -> int:
    """Draw label and trend on one line above, and return where it ends."""
    limit = max(_LABEL_SIZES[0], min(_LABEL_SIZES[-1], int(_LABEL_SHARE * image.height)))
    sizes = tuple(size for size in _LABEL_SIZES if size <= limit)
    height = REGULAR.line_height(sizes[-1])
    left = 0
    align = Align.START if box.trend else Align.CENTRE
    trend = fit(_on_one_line(box.trend), (image.width // 2, height), BOLD, sizes)
    room = max(0, image.width - trend.width - (_GAP if box.trend else 0))
    label = fit(_on_one_line(box.label), (room, height), REGULAR, sizes)
    draw_layout(image, label, (left, 0, room, height), align)
    draw_layout(image, trend, (0, 0, image.width, height), Align.END)
    return height


def _figure(text: str, size: tuple[int, int]) -> Image.Image:
    """Return `text` on one line, as large as there is room for its ink, digits in the middle."""
    width, height = max(1, size[0]), max(1, size[1])
    em = largest_size(text, width, max(_LEAST, int(_TALLEST * height)), BOLD)
    while em > _LEAST:
        image = _on_baseline(text, em, (width, height))
        if image is not None:
            return image
        em -= 1
    return blank((width, height))


def _on_baseline(text: str, em: int, size: tuple[int, int]) -> Image.Image | None:
    """Return `text` with its digits in the middle of `size`, None when its ink has no room."""
    line = BOLD.line(text, em)
    room = 2 * em
    image = blank((size[0], size[1] + 2 * room))
    baseline = room + (size[1] + round(_DIGIT * em)) // 2
    draw_line(image, ((size[0] - line.width) // 2, baseline), line)
    above = image.crop((0, 0, size[0], room))
    below = image.crop((0, room + size[1], *image.size))
    if min(above.getextrema()[0], below.getextrema()[0]) == BLACK:
        return None
    return image.crop((0, room, size[0], room + size[1]))


def _on_one_line(text: str) -> str:
    return clean(text).replace("\n", " ")


@_drawn.register
def _(box: boxes.Bars, size: tuple[int, int]) -> Image.Image:
    image, values = blank(size), box.values[-size[0] :]
    known = [value for value in values if value is not None]
    low, high = min(0.0, *known, 0.0), max(0.0, *known, 0.0)
    zero = _row(0.0, low, high, size[1])
    for left, right, value in _slots(values, size[0]):
        if value is not None:
            ends = sorted((_row(value, low, high, size[1]), zero))
            image.paste(BLACK, (left, ends[0], right, ends[1] + 1))
    image.paste(BLACK, (0, zero, size[0], zero + 1))
    return image


def _row(value: float, low: float, high: float, height: int) -> int:
    """Return the row of `value` where `low` is the last one and `high` the first."""
    share = (high - value) / (high - low) if high > low else 1.0
    return round(share * (height - 1))


def _slots(values: Sequence[float | None], width: int) -> list[tuple[int, int, float | None]]:
    """Return each value with the columns of its bar; there is white between them if it has room."""
    step = width / max(1, len(values))
    gap = 1 if step < _LEAST else 2
    gap = 0 if step < 2 else gap  # noqa: PLR2004 - less than a bar and its gap
    edges = [round(place * step) for place in range(len(values) + 1)]
    return [
        (left, max(left + 1, right - gap), value)
        for left, right, value in zip(edges, edges[1:], values, strict=False)
    ]


@_drawn.register
def _(box: boxes.Code, size: tuple[int, int]) -> Image.Image:
    side = min(size)
    code = blank((side, side))
    # Half of a character is none.
    taken = draw_code(code, box.text.encode(errors="replace").decode(), side)
    if not taken:
        return _drawn(boxes.Text("This panel is too small for the code"), size)
    image = blank(size)
    code = code.crop((side - taken, 0, side, taken))
    image.paste(code, ((size[0] - taken) // 2, (size[1] - taken) // 2))
    return image


@_drawn.register
def _(box: boxes.Picture, size: tuple[int, int]) -> Image.Image:
    look = conversion.Look(size, box.framing, box.tone)
    png = conversion.prepare(box.data, BYTES, look)
    return Image.open(io.BytesIO(png)).convert("1")


@_drawn.register
def _(box: boxes.Rows, size: tuple[int, int]) -> Image.Image:
    return grids.draw_rows(box, size) if box.rows else _nothing(box.empty, size)


@_drawn.register
def _(box: boxes.Grid, size: tuple[int, int]) -> Image.Image:
    return grids.draw_grid(box, size) if box.rows else _nothing(box.empty, size)


def _nothing(sentence: str, size: tuple[int, int]) -> Image.Image:
    return _drawn(boxes.Text(sentence, Align.CENTRE, largest=_SIGN_FROM), size)


@_drawn.register
def _(box: boxes.Stack, size: tuple[int, int]) -> Image.Image:
    image, top = blank(size), 0
    for part, height in _shared(box.parts, size[1]):
        _paste(image, part, (0, top, size[0], height))
        top += height + _GAP
    return image


@_drawn.register
def _(box: boxes.Row, size: tuple[int, int]) -> Image.Image:
    if size[1] > size[0]:
        return _drawn(boxes.Stack(box.parts), size)
    image, left = blank(size), 0
    for part, width in _shared(box.parts, size[0]):
        _paste(image, part, (left, 0, width, size[1]))
        left += width + _GAP
    return image


def _shared(parts: Sequence[tuple[float, boxes.Box]], length: int) -> list[tuple[boxes.Box, int]]:
    """Return each part with its pixels of `length`; a rule takes one, the others by their share."""
    shares = [0.0 if isinstance(part, boxes.Rule) else share for share, part in parts]
    free = length - _GAP * (len(parts) - 1) - _RULE * shares.count(0.0)
    total = sum(shares) or 1.0
    pixels = [max(0, int(free * share / total)) if share else _RULE for share in shares]
    return list(zip((part for _, part in parts), pixels, strict=True))


def _draw_footer(image: Image.Image, text: str) -> int:
    """Draw `text` below to the right, and return the height it takes."""
    height = max(int(_FOOTER_SHARE * image.height), BOLD.line_height(_FOOTER_SIZES[0]))
    right, bottom = image.width - _MARGIN, image.height - 1
    layout = fit(_on_one_line(text), (right - _MARGIN, height), BOLD, _FOOTER_SIZES)
    draw_layout(image, layout, (_MARGIN, bottom - height, right, bottom), Align.END)
    return height
