"""Text from anybody: made safe, then broken into lines, as large as fits its box.

Laying out never fails, for any text and any box.
"""

from __future__ import annotations

import dataclasses
import enum
import itertools
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.rendering import fonts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inkstand.rendering.fonts import Family
    from inkstand.rendering.pango import Font, Line

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# What programs send to a terminal, as a whole: control sequences and strings of ECMA-48 (5.4, 5.6)
# and escape sequences of ECMA-35 (13). A string that nobody ends is none; only its start goes.
_SEQUENCES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|\x1b[\\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b[ -/]*[0-~]"
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
# Characters that are never seen by themselves: soft hyphen, directional embeddings and isolates,
# byte order mark, variation selectors, skin tones, tags. Directional marks and joiners stay, since
# they change how their neighbours look, and so does the space without width: a line may end there.
_UNSEEN = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"
)
# Letters without a shape: the blank Braille cell and the Hangul fillers.
_INVISIBLE = "\u2800\u3164\uffa0"
# Blanks that a line may end at, as so many plain ones.
_TAB, _IDEOGRAPHIC = "    ", "  "
_NO_WIDTH = "\u200b"
# No font of ours has a keycap as wide as its key: 1 in one becomes 1 in a circle, # becomes #.
_KEYCAP = re.compile("([0-9#*])\ufe0f?\u20e3")
_CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
_BLANK_LINES = re.compile("\n{3,}")
# Hebrew with cantillation and Burmese have six.
_MARKS_ON_ONE = 8
_JOINERS = "\u200c\u200d"
_SPACES = " \n" + _NO_WIDTH
_REPLACEMENT = "\ufffd"
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


class TextAlign(enum.StrEnum):
    """Where the lines of a text stand; AUTO: a sign in the middle, a letter at the left."""

    AUTO = "auto"
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class TextSize(enum.StrEnum):
    """How large a text is; AUTO: as large as fits."""

    AUTO = "auto"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLook:
    """How a sender wants a text to look; without anything it is laid out by what it is."""

    align: TextAlign = TextAlign.AUTO
    size: TextSize = TextSize.AUTO
    bold: bool = False
    monospace: bool = False
    qr: bool = False

    @classmethod
    def of(cls, words: str) -> TextLook:
        """Return the look that `words` had; what is no word of ours counts for nothing."""
        found = words.split()
        return cls(
            align=next((align for align in TextAlign if align in found), TextAlign.AUTO),
            size=next((size for size in TextSize if size in found), TextSize.AUTO),
            **{flag: flag in found for flag in _FLAGS},
        )

    @property
    def words(self) -> str:
        """What was asked for, such as "center large bold", as it is kept; "" is the default."""
        chosen = [choice.value for choice in (self.align, self.size) if choice.value != "auto"]
        return " ".join((*chosen, *(flag for flag in _FLAGS if getattr(self, flag))))


_FLAGS = ("bold", "monospace", "qr")
AS_IT_COMES = TextLook()


def without_sequences(text: str) -> str:
    """Return `text` without the sequences that colour it, or more, on a terminal."""
    return _SEQUENCES.sub("", text)


def is_blank(text: str) -> bool:
    """Return whether nothing of `text` can be seen."""
    return not clean(text).strip(_INVISIBLE + _SPACES)


def clean(text: str) -> str:
    """Return `text` in Unicode NFC with only what can be drawn, lines ended by a newline.

    Control sequences and characters, and characters that are never seen, go; lone surrogates
    become U+FFFD. At most one blank line stays between two lines, and at most eight marks and
    joiners on one letter.
    Takes time proportional to the length, for any text.
    """
    text = _LINE_ENDS.sub("\n", without_sequences(text))
    text = text.replace("\t", _TAB).replace("\u3000", _IDEOGRAPHIC)
    text = _SURROGATES.sub(_REPLACEMENT, _CONTROLS.sub("", text))
    text = text if text.isascii() else _compose(text)
    text = "\n".join(line.rstrip(" " + _NO_WIDTH) for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip("\n")


def _compose(text: str) -> str:
    # Marks are limited first: sorting them, which NFC does, takes quadratic time.
    text = _KEYCAP.sub(lambda match: match[1].translate(_CIRCLED), text)
    return unicodedata.normalize("NFC", _limit_marks(_UNSEEN.sub("", text)))


def _limit_marks(text: str) -> str:
    kept: list[str] = []
    for clinging, run in itertools.groupby(text, clings):
        letters = "".join(run)
        kept.append(letters[: _room_for_marks(kept)] if clinging else letters)
    return "".join(kept)


def _room_for_marks(before: list[str]) -> int:
    return _MARKS_ON_ONE if before and before[-1][-1] not in _SPACES else 0


def is_mark(character: str) -> bool:
    """Return whether `character` is drawn onto the one before it."""
    return character > "\u02ff" and unicodedata.category(character)[0] == "M"


def clings(character: str) -> bool:
    """Return whether `character` is nothing by itself: a mark or a joiner."""
    return character in _JOINERS or is_mark(character)


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
    return max(0, int(width / (_NARROWEST * size))) + 1


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
        paragraph = paragraph[max(1, sum(len(line.text) for line in whole)) :]
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
