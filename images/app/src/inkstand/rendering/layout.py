"""Text broken into lines, as large as fits its box; never fails, for any text and any box."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.rendering.bidi import is_rtl
from inkstand.rendering.text import clings, clusters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inkstand.rendering.fonts import Family

# Pixels; below 10 the letters of a panel with 4.6 pixels a millimetre cannot be read.
SIZES = (10, 11, 12, 13, 14, 16, 18, 20, 22, 24, 27, 30, 34, 38, 43, 48, 54, 60, 68, 76, 86, 96)
# Up to here a text shrinks so that no word is broken; a text with broken words is no larger than
# the second.
_SMALLEST_UNBROKEN = 12
_LARGEST_BROKEN = 22
_ELLIPSIS = "…"
# Up to this size letters of one bit a pixel leave as much white within words as between them.
_LARGEST_CROWDED = 13
_EN_SPACE = "\u2002"

# Scripts that break between any two characters; what must not begin or end a line there.
_WIDE = (
    "\u2e80-\u2fff\u3001-\u30ff\u3130-\u318f\u31a0-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\uff01-\uff60\U0001f300-\U0001faff\U00020000-\U0003ffff"
)
_CLOSING = r"\-.,!?;:)\]}%’”、。〉》」』】〕〗〙〟，．！？：；）］｝ー…‥・々\u3099\u309a"  # noqa: RUF001
_OPENING = r"(\[{‘“〈《「『【〔〖〘〝（［｛"  # noqa: RUF001
_BREAK = re.compile(
    rf"(?:(?<=[{_WIDE}])|(?=[{_WIDE}]))(?<![{_OPENING}\u200d])(?![{_CLOSING}]|\Z)"
    r"|(?<=\w[-‐/])(?=[^\W\d])|(?<=[–—])(?=\w)"  # noqa: RUF001 - dashes
)
_WORD = re.compile("( *)([^ ]+)")
# Measured as one; wider than any panel, and bounds the work for a word of 100,000 letters.
_LONGEST_PIECE = 200
_FIRST_GUESS = 16
_SURELY_FITS = 0.9


class _TooWideError(Exception):
    """A word is wider than the box and must not be broken."""


class Ruler:
    """Measures text in one family at one size, every word once."""

    def __init__(self, family: Family, size: int) -> None:
        self._family = family
        self.size = size
        self._widths: dict[str, float] = {}
        self.ascent, descent = family.faces[0].at(size).getmetrics()
        self.pitch = self.ascent + descent
        self.space = self.width(" ")

    def width(self, text: str) -> float:
        """Return the pixels that `text` takes on one line."""
        width = self._widths.get(text)
        if width is None:
            pieces = self._family.split(spaced(text, self.size))
            width = sum(face.at(self.size).getlength(piece, "1") for face, piece in pieces)
            self._widths[text] = width
        return width


def spaced(text: str, size: int) -> str:
    """Return `text` with spaces that can be told from gaps between letters at `size` pixels."""
    return text.replace(" ", _EN_SPACE) if size <= _LARGEST_CROWDED else text


@dataclass(frozen=True, slots=True)
class Line:
    """One line in the order it is read; `rtl` is the direction of its paragraph."""

    text: str
    rtl: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Lines at a font size in pixels; `complete` tells whether all of the text is there."""

    lines: tuple[Line, ...]
    size: int
    complete: bool


def fit(text: str, box: tuple[int, int], family: Family, sizes: tuple[int, ...] = SIZES) -> Layout:
    """Return clean `text` in the largest of the rising `sizes` at which it fits `box`.

    `box` is width and height in pixels. Words are broken when they are wider than the box even
    when small; what does not fit at the smallest size is cut, and ends with an ellipsis.
    """
    whole = fit_whole(text, box, family, sizes)
    return whole or _cut(_paragraphs(text), box, Ruler(family, sizes[0]), sizes[0])


def fit_whole(
    text: str, box: tuple[int, int], family: Family, sizes: tuple[int, ...] = SIZES
) -> Layout | None:
    """Return what fit() returns, or None when it would have to cut."""
    paragraphs = _paragraphs(text)

    def unbroken(size: int) -> list[Line] | None:
        return _attempt(paragraphs, box, Ruler(family, size), break_words=False)

    def broken(size: int) -> list[Line] | None:
        return _attempt(paragraphs, box, Ruler(family, size), break_words=True)

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
    ruler = Ruler(family, size)
    lines = _all_lines(text, box[0], ruler)
    rows = max(1, _rows(box, ruler))
    pages: list[list[Line]] = []
    while len(pages) < limit and (page := _next_page(lines, rows)):
        pages.append(page)
    complete = not _next_page(lines, 1)
    if not complete:
        pages[-1] = _with_ellipsis(pages[-1], box[0], ruler)
    return tuple(Layout(tuple(page), size, complete) for page in pages or [[]])


def _next_page(lines: Iterator[Line], rows: int) -> list[Line]:
    first = next((line for line in lines if line.text), None)
    return [] if first is None else [first, *itertools.islice(lines, rows - 1)]


def _paragraphs(text: str) -> list[Line]:
    return [Line(paragraph, is_rtl(paragraph)) for paragraph in text.split("\n")]


def _all_lines(text: str, width: float, ruler: Ruler) -> Iterator[Line]:
    for paragraph in _paragraphs(text):
        yield from wrap(paragraph, width, ruler, break_words=True)


def largest_size(text: str, width: float, limit: int, family: Family) -> int:
    """Return the font size, at most `limit` pixels, at which `text` is at most `width` wide."""
    size = max(1, min(limit, int(limit * width / max(1.0, Ruler(family, limit).width(text)))))
    while size > 1 and Ruler(family, size).width(text) > width:
        size -= 1
    return size


def wrap(paragraph: Line, width: float, ruler: Ruler, *, break_words: bool) -> Iterator[Line]:
    """Yield the lines of one paragraph, each at most `width` pixels.

    Only a single letter that is wider than that by itself makes a wider line.
    """
    for text in _fill(paragraph.text, width, ruler, break_words=break_words):
        yield Line(text, paragraph.rtl)


def _largest(sizes: tuple[int, ...], attempt: Callable[[int], list[Line] | None]) -> Layout | None:
    """Search by halves: what fits at a size fits, but for rare exceptions, at all below."""
    best, low, high = None, 0, len(sizes)
    while low < high:
        middle = (low + high) // 2
        lines = attempt(sizes[middle])
        if lines is None:
            high = middle
        else:
            best, low = Layout(tuple(lines), sizes[middle], complete=True), middle + 1
    return best


def _attempt(
    paragraphs: list[Line], box: tuple[int, int], ruler: Ruler, *, break_words: bool
) -> list[Line] | None:
    rows = _rows(box, ruler)
    try:
        lines = _first_lines(paragraphs, box[0], ruler, rows + 1, break_words=break_words)
    except _TooWideError:
        return None
    return lines if len(lines) <= rows else None


def _cut(paragraphs: list[Line], box: tuple[int, int], ruler: Ruler, size: int) -> Layout:
    rows = max(1, _rows(box, ruler))
    lines = _first_lines(paragraphs, box[0], ruler, rows + 1, break_words=True)
    complete = len(lines) <= rows
    if not complete:
        lines = _with_ellipsis(lines[:rows], box[0], ruler)
    return Layout(tuple(lines), size, complete)


def _rows(box: tuple[int, int], ruler: Ruler) -> int:
    return box[1] // ruler.pitch


def _first_lines(
    paragraphs: list[Line], width: float, ruler: Ruler, count: int, *, break_words: bool
) -> list[Line]:
    lines = (
        line
        for paragraph in paragraphs
        for line in wrap(paragraph, width, ruler, break_words=break_words)
    )
    return list(itertools.islice(lines, count))


def _fill(text: str, width: float, ruler: Ruler, *, break_words: bool) -> Iterator[str]:
    line, used = "", 0.0
    for spaces, word in _tokens(text):
        advance = ruler.space * len(spaces) + ruler.width(word)
        if _fits(line + spaces + word, used + advance, width, ruler):
            line, used = line + spaces + word, used + advance
            continue
        # What is wider than a line goes on where it began, unless a space is there.
        goes_on = not spaces and ruler.width(word) > width
        if line and not goes_on:
            yield line
        rest = line + word if goes_on else word
        *full, line = _broken(rest, width, ruler, break_words=break_words)
        yield from full
        used = ruler.width(line)
    yield line


def _fits(line: str, sum_of_words: float, width: float, ruler: Ruler) -> bool:
    """Measure a whole line only when it matters: words are wider or narrower side by side."""
    if sum_of_words <= _SURELY_FITS * width:
        return True
    return sum_of_words <= width and ruler.width(line) <= width


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield what must stay on one line, with the spaces before it."""
    for match in _WORD.finditer(text):
        spaces, word = match.groups()
        for piece in _pieces(word):
            yield spaces, piece
            spaces = ""


def _pieces(word: str) -> Iterator[str]:
    """Cut a word where a line may end, but not before what clings to the letter before it."""
    piece = ""
    for part in _parts(word):
        if piece and not (clings(part[0]) and len(piece) <= _LONGEST_PIECE):
            yield piece
            piece = ""
        piece += part
    yield piece


def _parts(word: str) -> Iterator[str]:
    for start in range(0, len(word), _LONGEST_PIECE):
        yield from filter(None, _BREAK.split(word[start : start + _LONGEST_PIECE]))


def _broken(word: str, width: float, ruler: Ruler, *, break_words: bool) -> list[str]:
    if ruler.width(word) <= width:
        return [word]
    if not break_words:
        raise _TooWideError
    letters, parts = clusters(word), []
    while letters:
        count = _how_many_fit(letters, width, ruler)
        parts.append("".join(letters[:count]))
        letters = letters[count:]
    return parts


def _how_many_fit(letters: list[str], width: float, ruler: Ruler) -> int:
    """Return the length of the longest beginning that is not too wide, at least 1."""

    def fits(count: int) -> bool:
        return ruler.width("".join(letters[:count])) <= width

    low, high = 1, min(_FIRST_GUESS, len(letters))
    while high < len(letters) and fits(high):
        low, high = high, min(2 * high, len(letters))
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _with_ellipsis(lines: list[Line], width: float, ruler: Ruler) -> list[Line]:
    """Shorten the last line that is not empty until the ellipsis has room."""
    while len(lines) > 1 and not lines[-1].text:
        lines.pop()
    last = lines.pop()
    return [*lines, Line(_shorten(last.text, width, ruler), last.rtl)]


def _shorten(text: str, width: float, ruler: Ruler) -> str:
    letters = clusters(text)
    while letters and ruler.width("".join(letters).rstrip() + _ELLIPSIS) > width:
        letters.pop()
    return "".join(letters).rstrip() + _ELLIPSIS
