"""A message from somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.rendering import Align, blank, clean, draw_layout, fit
from inkstand.rendering.fonts import bold, regular
from inkstand.rendering.layout import Ruler

if TYPE_CHECKING:
    from datetime import datetime

    from PIL import Image

_EMPTY = "(empty message)"
_MARGIN = 3
# From this size on a text looks like a sign, below it like a letter.
_CENTRED_FROM = 20
_AUTHOR_SIZES = (10, 11, 12, 13, 14)
_AUTHOR_SHARE = 0.12


@dataclass(frozen=True, slots=True)
class MessageScreen:
    """`text` as large as fits, with the name of its author below, if there is one.

    Both may hold anything. A text without anything that can be seen is said to be empty.
    """

    text: str
    author: str | None = None

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:  # noqa: ARG002 Screen
        """Return the message; `now` does not matter."""
        image = blank(size)
        bottom = size[1] - _MARGIN
        if self.author and self.author.strip():
            bottom = _draw_author(image, clean(self.author).replace("\n", " "))
        _draw_text(image, clean(self.text) or _EMPTY, bottom)
        return image

    def next_change(self, now: datetime) -> datetime | None:  # noqa: ARG002 Screen
        """Return None: it never changes by itself."""
        return None


def _draw_author(image: Image.Image, author: str) -> int:
    """Draw the line below, which is cut when it is too long, and return its top."""
    right, bottom = image.width - _MARGIN, image.height - 1
    height = max(int(_AUTHOR_SHARE * image.height), Ruler(bold(), _AUTHOR_SIZES[0]).pitch)
    layout = fit(author, (right - _MARGIN, height), bold(), _AUTHOR_SIZES)
    draw_layout(image, layout, (_MARGIN, bottom - height, right, bottom), bold(), Align.END)
    return bottom - height


def _draw_text(image: Image.Image, text: str, bottom: int) -> None:
    box = (_MARGIN, _MARGIN, image.width - _MARGIN, bottom)
    layout = fit(text, (box[2] - box[0], box[3] - box[1]), regular())
    align = Align.CENTRE if layout.size >= _CENTRED_FROM else Align.START
    draw_layout(image, layout, box, regular(), align)
