"""Text broken into lines, as large as fits its box; never fails, for any text and any box."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.rendering import fonts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inkstand.rendering.fonts import Family
    from inkstand.rendering.pango import Font, Line

# Pixels; below 10 the letters of a panel with 4.6 pixels a millimetre cannot be read.
SIZES = (10, 11, 12, 13, 14, 16, 18, 20, 22, 24, 27, 30, 34, 38, 43, 48, 54, 60, 68, 76, 86, 96)
# Up to here a text shrinks so that no word is broken; a text with broken words is no larger than
# the second.
_SMALLEST_UNBROKEN = 12
_LARGEST_BROKEN = 22
_ELLIPSIS = "…"
# No letter is narrower than this share of its em; it bounds the work for 100,000 of them.
_NARROWEST = 0.25
_LINES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """Lines at a font size in pixels; `complete` tells whether all of the text is there."""

    lines: tuple[Line, ...]
    size: int
    complete: bool

    @property
    def width(self) -> int:
        """The pixels of the widest line."""
        return max((line.width for line in self.lines), default=0)

    @property
    def height(self) -> int:
        """The pixels of all lines."""
        return sum(line.height for line in self.lines)


def fit(text: str, box: tuple[int, int], family: Family, sizes: tuple[int, ...] = SIZES) -> Layout:
    """Return clean `text` in the largest of the rising `sizes` at which it fits `box`.

    `box` is width and height in pixels. Words are broken when they are wider than the box even
    when small; what does not fit at the smallest size is cut, and ends with an ellipsis.
    """
    return fit_whole(text, box, family, sizes) or fit_pages(text, box, family, sizes[0], 1)[0]


def fit_whole(
    text: str, box: tuple[int, int], family: Family, sizes: tuple[int, ...] = SIZES
) -> Layout | None:
    """Return what fit() returns, or None when it would have to cut."""

    def unbroken(size: int) -> Layout | None:
        return _attempt(text, box, family, size, break_words=False)

    def broken(size: int) -> Layout | None:
        return _attempt(text, box, family, size, break_words=True)

    return _largest(
        tuple(size for size in sizes if size >= _SMALLEST_UNBROKEN), unbroken
    ) or _largest(tuple(size for size in sizes if size <= _LARGEST_BROKEN), broken)


def fit_pages(
    text: str, box: tuple[int, int], family: Family, size: int, limit: int
) -> tuple[Layout, ...]:
    """Return clean `text` at font size `size` on as many boxes as it needs, 1 to `limit`.

    `box` is width and height in pixels. Where `limit` boxes do not hold it the last one ends with
    an ellipsis. No box begins with an empty line.
    """
    font = family.font(text, size)
    lines = _all_lines(text, font, box[0])
    pages: list[list[Line]] = []
    following = _next_text(lines)
    while following and len(pages) < limit:
        page, following = _fill(following, lines, box[1])
        pages.append(page)
        following = following if following and following.text else _next_text(lines)
    if following:
        pages[-1] = _with_ellipsis(pages[-1], font, box[0])
    return tuple(Layout(tuple(page), size, not following) for page in pages or [[]])


def largest_size(text: str, width: float, limit: int, family: Family) -> int:
    """Return the font size, at most `limit` pixels, at which `text` is at most `width` wide."""
    text = text[: int(width / _NARROWEST) + 1]
    size = max(1, min(limit, int(limit * width / max(1, family.line(text, limit).width)) + 1))
    while size > 1 and family.line(text, size).width > width:
        size -= 1
    return size


def _largest(sizes: tuple[int, ...], attempt: Callable[[int], Layout | None]) -> Layout | None:
    """Search by halves: what fits at a size fits, but for rare exceptions, at all below."""
    best, low, high = None, 0, len(sizes)
    while low < high:
        middle = (low + high) // 2
        layout = attempt(sizes[middle])
        if layout is None:
            high = middle
        else:
            best, low = layout, middle + 1
    return best


def _attempt(
    text: str, box: tuple[int, int], family: Family, size: int, *, break_words: bool
) -> Layout | None:
    if len(text) > _most_letters(box, family, size):
        return None
    lines = family.lines(text, size, box[0], break_words=break_words)
    layout = Layout(tuple(lines), size, complete=True)
    too_wide = not break_words and layout.width > box[0]
    return None if too_wide or layout.height > box[1] else layout


def _most_letters(box: tuple[int, int], family: Family, size: int) -> int:
    return (box[1] // family.line_height(size) + 1) * _most_on_a_line(box[0], size)


def _most_on_a_line(width: int, size: int) -> int:
    return int(width / (_NARROWEST * size)) + 1


def _all_lines(text: str, font: Font, width: int) -> Iterator[Line]:
    for paragraph in text.split("\n"):
        yield from _lines_of(paragraph, font, width)


def _lines_of(paragraph: str, font: Font, width: int) -> Iterator[Line]:
    """Yield the lines of a paragraph, of which Pango is given no more at once than some lines.

    For a word without an end it would take time by the square of its length.
    """
    letters = _LINES_AT_ONCE * _most_on_a_line(width, font.size)
    while True:
        lines = fonts.lay_out(paragraph[:letters], font, width, break_words=True)
        if len(paragraph) <= letters:
            yield from lines
            return
        # The last one may go on.
        whole = lines[:-1] or lines
        yield from whole
        paragraph = paragraph[sum(len(line.text) for line in whole) :]
        font = dataclasses.replace(font, rtl=lines[0].rtl)


def _next_text(lines: Iterator[Line]) -> Line | None:
    return next((line for line in lines if line.text), None)


def _fill(first: Line, lines: Iterator[Line], height: int) -> tuple[list[Line], Line | None]:
    """Return a page that begins with `first`, and the first line that has no room on it."""
    page, used = [first], first.height
    for line in lines:
        used += line.height
        if used > height:
            return page, line
        page.append(line)
    return page, None


def _with_ellipsis(lines: list[Line], font: Font, width: int) -> list[Line]:
    """Shorten the last line that is not empty until the ellipsis has room."""
    while len(lines) > 1 and not lines[-1].text:
        lines.pop()
    last = lines.pop()
    font = dataclasses.replace(font, rtl=last.rtl)
    return [*lines, fonts.font_map().shorten(last.text.rstrip() + _ELLIPSIS, font, width)]
