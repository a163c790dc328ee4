"""A picture from somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.rendering import Framing, Tone, place, reduce_tones

if TYPE_CHECKING:
    from datetime import datetime

    from PIL import Image


@dataclass(frozen=True, slots=True)
class ImageScreen:
    """A picture of any size and mode, brought to the panel's size and to black and white."""

    picture: Image.Image
    framing: Framing = Framing.FIT
    tone: Tone = Tone.DITHER

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:  # noqa: ARG002 Screen
        """Return the picture at `size`; `now` does not matter."""
        return reduce_tones(place(self.picture, size, self.framing), self.tone)

    def next_change(self, now: datetime) -> datetime | None:  # noqa: ARG002 Screen
        """Return None: it never changes by itself."""
        return None
