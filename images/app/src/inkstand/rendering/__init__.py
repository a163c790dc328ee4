"""Text and pictures for one bit a pixel: fonts, lines, dots, frames. Pure but for reading fonts."""

from inkstand.rendering.pango import Line
from inkstand.rendering.picture import (
    Align,
    Framing,
    Tone,
    blank,
    dither,
    draw_layout,
    draw_line,
    from_frame,
    from_png,
    place,
    reduce_tones,
    threshold,
    to_frame,
    to_png,
    turned,
)
from inkstand.rendering.text import Layout, clean, fit

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
    "turned",
]
