"""Text and pictures for one bit a pixel: fonts, lines, dots, frames. Pure but for reading fonts."""

from inkstand.rendering.draw import Align, blank, draw_layout, draw_line
from inkstand.rendering.layout import Layout, fit
from inkstand.rendering.pango import Line
from inkstand.rendering.picture import (
    Framing,
    Tone,
    dither,
    from_frame,
    from_png,
    place,
    reduce_tones,
    threshold,
    to_frame,
    to_png,
)
from inkstand.rendering.text import clean

__all__ = [
    "Align",
    "Framing",
    "Layout",
    "Line",
    "Tone",
    "blank",
    "clean",
    "dither",
    "draw_layout",
    "draw_line",
    "fit",
    "from_frame",
    "from_png",
    "place",
    "reduce_tones",
    "threshold",
    "to_frame",
    "to_png",
]
