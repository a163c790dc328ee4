"""How the appliance is doing, for whoever stands before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.rendering import Layout, blank, clean, draw_layout
from inkstand.rendering.fonts import BOLD, REGULAR
from inkstand.rendering.picture import draw_line
from inkstand.rendering.qr import draw_code
from inkstand.rendering.text import fit_pages, fit_whole, largest_size

if TYPE_CHECKING:
    from datetime import datetime

    from PIL import Image

_MARGIN = 3
_TITLE_SHARE = 0.13
_PAGE_SIZE, _MOST_PAGES = 10, 9
_SIZES = (_PAGE_SIZE, 11, 12, 13, 14, 16, 18, 20)
# The code takes no more of the picture than this.
_CODE_SHARE = 0.42


@dataclass(frozen=True, slots=True)
class StatusScreen:
    """A title and below it one line for each pair of a name and a value.

    With a `link` there is a QR code of it above to the right, or below where there is more height
    than width. What does not fit goes onto pages;
    this is number `page` of them, from 1, or the last when there are fewer.
    """

    title: str
    entries: tuple[tuple[str, str], ...] = ()
    link: str = ""
    page: int = 1

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:  # noqa: ARG002 Screen
        """Return the page; `now` does not matter."""
        return self._draw(size)[0]

    def pages(self, size: tuple[int, int]) -> int:
        """Return on how many pages of `size` it is, at least 1."""
        return self._draw(size)[1]

    def next_change(self, now: datetime) -> datetime | None:  # noqa: ARG002 Screen
        """Return None: it never changes by itself."""
        return None

    def _draw(self, size: tuple[int, int]) -> tuple[Image.Image, int]:
        image = blank(size)
        beside, below = _draw_code(image, self.link)
        right, top, bottom = size[0] - beside - _MARGIN, _title_height(size), size[1] - below
        layouts = _lay_out(self._lines(), (right - _MARGIN, bottom - top))
        page, pages = max(1, min(self.page, len(layouts))), len(layouts)
        number = f" {page}/{pages}" if pages > 1 else ""
        _draw_title(image, _on_one_line(self.title) + number, right)
        # Not in the middle: every page begins below the title.
        draw_layout(image, layouts[page - 1], (_MARGIN, top, right, top))
        return image, pages

    def _lines(self) -> str:
        return "\n".join(": ".join(map(_on_one_line, filter(None, it))) for it in self.entries)


def _lay_out(text: str, box: tuple[int, int]) -> tuple[Layout, ...]:
    whole = fit_whole(text, box, REGULAR, _SIZES)
    return (whole,) if whole else fit_pages(text, box, REGULAR, _PAGE_SIZE, _MOST_PAGES)


def _title_height(size: tuple[int, int]) -> int:
    return BOLD.line_height(max(_SIZES[0], int(_TITLE_SHARE * min(size)))) + 2


def _on_one_line(text: str) -> str:
    return clean(text).replace("\n", " ")


def _draw_code(image: Image.Image, link: str) -> tuple[int, int]:
    """Draw the code of `link`, if there is one, and return what it takes of width and height."""
    if not link:
        return (0, _MARGIN)
    if image.height > image.width:
        return (0, _draw_below(image, link))
    largest = min(int(_CODE_SHARE * image.width), image.height - 2 * _MARGIN)
    return (draw_code(image, link, largest), _MARGIN)


def _draw_below(image: Image.Image, link: str) -> int:
    """Draw the code of `link` below in the middle, and return the height that is taken."""
    width, height = image.width, int(_CODE_SHARE * image.height)
    corner = blank((width, height))
    side = draw_code(corner, link, min(width, height))
    code = corner.crop((width - side, 0, width, side))
    image.paste(code, ((width - side) // 2, image.height - side))
    return max(side, _MARGIN)


def _draw_title(image: Image.Image, title: str, right: int) -> None:
    limit = max(_SIZES[0], int(_TITLE_SHARE * min(image.size)))
    line = BOLD.line(title, largest_size(title, right - _MARGIN, limit, BOLD))
    draw_line(image, (_MARGIN, line.ascent + 1), line)
