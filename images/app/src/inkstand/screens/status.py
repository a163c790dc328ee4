"""How the appliance is doing, for whoever stands before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.rendering import blank, clean, draw_layout, fit
from inkstand.rendering.draw import draw_centred
from inkstand.rendering.fonts import bold, regular
from inkstand.rendering.layout import Ruler, largest_size

if TYPE_CHECKING:
    from datetime import datetime

    from PIL import Image

_MARGIN = 3
_TITLE_SHARE = 0.13
_SIZES = (10, 11, 12, 13, 14, 16, 18, 20)


@dataclass(frozen=True, slots=True)
class StatusScreen:
    """A title and below it one line for each pair of a name and a value."""

    title: str
    entries: tuple[tuple[str, str], ...] = ()

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:  # noqa: ARG002 Screen
        """Return the title and the entries; `now` does not matter."""
        image = blank(size)
        top = _draw_title(image, _on_one_line(self.title))
        lines = "\n".join(f"{_on_one_line(name)}: {_on_one_line(it)}" for name, it in self.entries)
        box = (_MARGIN, top, size[0] - _MARGIN, size[1] - _MARGIN)
        layout = fit(lines, (box[2] - box[0], box[3] - box[1]), regular(), _SIZES)
        draw_layout(image, layout, box, regular())
        return image

    def next_change(self, now: datetime) -> datetime | None:  # noqa: ARG002 Screen
        """Return None: it never changes by itself."""
        return None


def _on_one_line(text: str) -> str:
    return clean(text).replace("\n", " ")


def _draw_title(image: Image.Image, title: str) -> int:
    """Draw the title and return the top of what is below it."""
    limit = max(_SIZES[0], int(_TITLE_SHARE * image.height))
    ruler = Ruler(bold(), largest_size(title, image.width - 2 * _MARGIN, limit, bold()))
    draw_centred(image, ruler.ascent + 1, title, bold(), ruler.size)
    return ruler.pitch + 2
