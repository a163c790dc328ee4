"""A picture as it is kept: encoded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from inkstand.screens.image import ImageScreen

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredPictureScreen:
    """The picture that `data` encodes, in any format of Pillow; decoded each time it is drawn."""

    data: bytes

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:
        """Return the picture at `size`.

        Raises:
            OSError: `data` is no picture.
        """
        with Image.open(io.BytesIO(self.data)) as picture:
            return ImageScreen(picture).render(size, now)

    def pages(self, size: tuple[int, int]) -> int:  # noqa: ARG002 Screen
        """Return 1: it is one picture."""
        return 1

    def next_change(self, now: datetime) -> datetime | None:  # noqa: ARG002 Screen
        """Return None: it never changes by itself."""
        return None
