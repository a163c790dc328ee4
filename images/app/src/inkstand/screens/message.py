"""A message from somebody."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.language import ENGLISH, Language
from inkstand.rendering import Align, Layout, blank, clean, draw_layout, fit
from inkstand.rendering.fonts import BOLD, REGULAR, Family, forget
from inkstand.rendering.qr import draw_code
from inkstand.rendering.text import (
    AS_IT_COMES,
    SIZES,
    TextAlign,
    TextLook,
    TextSize,
    fit_pages,
    fit_whole,
    largest_size,
    without_sequences,
)

if TYPE_CHECKING:
    from datetime import datetime

    from PIL import Image

_MARGIN = 3
# Below this a text can be read, but not from where one stands; it goes onto pages instead.
_PAGE_SIZE = 14
_MEDIUM, _LARGE_FROM = 20, 30
# With five pixels of a letter's width a table can be read from near by, with less it cannot.
_SMALLEST_MONOSPACE = 9
# Pixels, on each panel: from them it depends how far away one can read. The first is that of pages.
_SIZES = {
    TextSize.AUTO: tuple(size for size in SIZES if size >= _PAGE_SIZE),
    TextSize.SMALL: (_PAGE_SIZE,),
    TextSize.MEDIUM: (_MEDIUM,),
    TextSize.LARGE: tuple(size for size in SIZES if size >= _LARGE_FROM),
}
_ALIGNS = {
    TextAlign.LEFT: Align.LEFT,
    TextAlign.CENTER: Align.CENTRE,
    TextAlign.RIGHT: Align.RIGHT,
}
# In halves of what a block leaves free, what is to its left and to its right.
_BLOCKS = {Align.LEFT: (0, 2), Align.CENTRE: (1, 1), Align.RIGHT: (2, 0)}
_MOST_PAGES = 99
# From this size on a text looks like a sign, below it like a letter.
_CENTRED_FROM = 20
_FOOTER_SIZES = (10, 11, 12, 13, 14)
_FOOTER_SHARE = 0.12
# Pixels; one is about 0.2 mm, too fine to count on a phone for.
_SMALLEST_DOT = 2
_LABEL_SIZES = (10, 11, 12, 13, 14, 16, 18)
_VALUE = r"[^\\;]*(?:\\.[^\\;]*)*"
_NETWORK = re.compile(rf"WIFI:(?:{_VALUE};)*?S:({_VALUE});", re.IGNORECASE | re.DOTALL)


def signature(
    author: str, at: datetime, now: datetime | None = None, language: Language = ENGLISH
) -> str:
    """Return what stands below a message taken in at `at`, which is in the owner's time zone.

    With `now`, in the same zone, it tells the day as well when that is not today.
    """
    time = language.time(at)
    if now is None or now.date() == at.date():
        return language.text("{author} at {time}", author=author, time=time)
    return f"{author}, {language.day(at, short=True)} {time}"


def label(text: str) -> str:
    """Return what stands below the QR code of `text`: that; of a Wi-Fi network only the name."""
    if not text.strip().upper().startswith("WIFI:"):
        return text
    network = _NETWORK.match(text.strip())
    return re.sub(r"\\(.)", r"\1", network[1]) if network else "Wi-Fi"


@dataclass(frozen=True, slots=True)
class MessageScreen:
    """`text` as large as fits, with the name of its author below, if there is one.

    What does not fit at a size that is good to read goes onto pages; this is number `page` of them,
    from 1, or the last when there are fewer. Both texts may hold anything. A text without anything
    that can be seen is said to be empty. `look` may ask for other sizes, letters and places, or
    for a QR code of the text; one that would be too fine to be read is shown as its text.
    """

    text: str
    author: str | None = None
    page: int = 1
    language: Language = ENGLISH
    look: TextLook = AS_IT_COMES

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:  # noqa: ARG002 Screen
        """Return the page; `now` does not matter."""
        code = self._code(size)
        image = self._page(size) if code is None else self._with_code(code, size)
        _lay_out.cache_clear()
        forget(f"{self.text}{self.author}")
        return image

    def _page(self, size: tuple[int, int]) -> Image.Image:
        image, layouts, pages = blank(size), self._layouts(size), self.pages(size)
        page = max(1, min(self.page, pages))
        left = _draw_number(image, page, pages) if pages > 1 else _MARGIN
        if self._signed:
            _draw_author(image, clean(self.author or "").replace("\n", " "), left)
        height = _text_height(size, footer=self._signed or pages > 1)
        if pages > 1:
            # Every page begins at the top, the last one too.
            height = layouts[page - 1].height
        _draw_text(image, layouts[page - 1], height, self.look, lined=self._lined)
        return image

    def pages(self, size: tuple[int, int]) -> int:
        """Return on how many pages of `size` the text is, at least 1."""
        return 1 if self.is_code(size) else _pages(self._text, size, self._signed, self.look)

    def is_code(self, size: tuple[int, int]) -> bool:
        """Return whether it is a QR code on a panel of `size`, and not a text."""
        return self._code(size) is not None

    def next_change(self, now: datetime) -> datetime | None:  # noqa: ARG002 Screen
        """Return None: it never changes by itself."""
        return None

    @property
    def _lined(self) -> bool:
        """Whether the sender broke lines: a list, code or a table stands as it was written."""
        return "\n" in clean(self.text)

    @property
    def _text(self) -> str:
        text = label(self.text) if self.look.qr else self.text
        if self.look.monospace:
            text = without_sequences(text).expandtabs()
        return clean(text) or self.language.text("(empty message)")

    @property
    def _signed(self) -> bool:
        return bool(self.author and self.author.strip())

    def _code(self, size: tuple[int, int]) -> Image.Image | None:
        if not self.look.qr:
            return None
        # Half of a character is none.
        text = self.text.strip().encode(errors="replace").decode()
        room = size[1] - (_footer_height(size) if self._signed else 0)
        return _code(text, size[0], room)

    def _with_code(self, code: Image.Image, size: tuple[int, int]) -> Image.Image:
        """Draw `code`, and below it its text in small letters if there is room."""
        image = blank(size)
        bottom = size[1] - (_footer_height(size) if self._signed else _MARGIN)
        image.paste(code, ((size[0] - code.width) // 2, 0))
        if bottom - code.height >= _label_height():
            box = (_MARGIN, code.height, size[0] - _MARGIN, bottom)
            room = (box[2] - box[0], bottom - code.height)
            text = self._text.replace("\n", " ")
            draw_layout(image, fit(text, room, REGULAR, _LABEL_SIZES), box, Align.CENTRE)
        if self._signed:
            _draw_author(image, clean(self.author or "").replace("\n", " "), _MARGIN)
        return image

    def _layouts(self, size: tuple[int, int]) -> tuple[Layout, ...]:
        return _lay_out(self._text, size, self._signed, self.look)


@functools.lru_cache(maxsize=1)
def _code(text: str, width: int, height: int) -> Image.Image | None:
    """Return the QR code of `text` with white around, smaller if that leaves room for a label.

    None: its dots would be too small.
    """
    for room in (height - _label_height(), height):
        side = min(width, room)
        corner = blank((side, side))
        if taken := draw_code(corner, text, side, _SMALLEST_DOT):
            return corner.crop((side - taken, 0, side, taken))
    return None


def _label_height() -> int:
    return REGULAR.line_height(_LABEL_SIZES[0])


# Whoever draws a page asks how many there are, before or after.
@functools.lru_cache(maxsize=4)
def _pages(text: str, size: tuple[int, int], signed: bool, look: TextLook) -> int:
    return len(_lay_out(text, size, signed, look))


# Until it is drawn: it keeps the fonts that it needs in memory.
@functools.lru_cache(maxsize=1)
def _lay_out(text: str, size: tuple[int, int], signed: bool, look: TextLook) -> tuple[Layout, ...]:
    width, family = size[0] - 2 * _MARGIN, Family(look.bold, look.monospace)
    sizes, page_size = _sizes(text, width, family, look)
    whole = fit_whole(text, (width, _text_height(size, footer=signed)), family, sizes)
    if whole is not None:
        return (whole,)
    box = (width, _text_height(size, footer=True))
    return fit_pages(text, box, family, page_size, _MOST_PAGES)


def _sizes(text: str, width: int, family: Family, look: TextLook) -> tuple[tuple[int, ...], int]:
    """Return at which sizes a text may be on one page, rising, and at which it is on several."""
    sizes = _SIZES[look.size]
    if not look.monospace:
        return sizes, sizes[0]
    # A table of which no line is broken.
    longest = max(text.split("\n"), key=len)
    widest = largest_size(longest, width, sizes[-1], family)
    unbroken = tuple(size for size in sizes if size <= widest)
    return unbroken, max(_SMALLEST_MONOSPACE, min(sizes[0], widest))


def _text_height(size: tuple[int, int], *, footer: bool) -> int:
    return size[1] - _MARGIN - (_footer_height(size) + 1 if footer else _MARGIN)


def _footer_height(size: tuple[int, int]) -> int:
    return max(int(_FOOTER_SHARE * size[1]), BOLD.line_height(_FOOTER_SIZES[0]))


def _draw_number(image: Image.Image, page: int, pages: int) -> int:
    """Draw which page it is below to the left, and return where there is room again."""
    layout = _draw_footer(image, f"{page}/{pages}", _MARGIN, Align.START)
    return _MARGIN + layout.width + 2 * BOLD.line("\u00a0", layout.size).width


def _draw_author(image: Image.Image, author: str, left: int) -> None:
    """Draw the author below to the right, cut when the name is too long."""
    _draw_footer(image, author, left, Align.END)


def _draw_footer(image: Image.Image, text: str, left: int, align: Align) -> Layout:
    right, bottom = image.width - _MARGIN, image.height - 1
    height = _footer_height(image.size)
    layout = fit(text, (right - left, height), BOLD, _FOOTER_SIZES)
    draw_layout(image, layout, (left, bottom - height, right, bottom), align)
    return layout


def _draw_text(
    image: Image.Image, layout: Layout, height: int, look: TextLook, *, lined: bool
) -> None:
    """Draw lines where the sender wants them; without that, a sign in the middle.

    What is `lined`, unless each line has a place, and what is monospaced, stays one block.
    """
    usual = Align.CENTRE if layout.size >= _CENTRED_FROM else Align.START
    align = _ALIGNS.get(look.align, usual)
    before, after = 0, 0
    if look.monospace or (lined and look.align is TextAlign.AUTO):
        free = _spare(image, layout)
        before, after = (half * free // 2 for half in _BLOCKS.get(align, (0, 0)))
        align = Align.START
    box = (_MARGIN + before, _MARGIN, image.width - _MARGIN - after, _MARGIN + height)
    draw_layout(image, layout, box, align)


def _spare(image: Image.Image, layout: Layout) -> int:
    """Return the pixels that the widest line leaves free."""
    return max(0, image.width - 2 * _MARGIN - layout.width)
