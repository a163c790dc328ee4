"""Pictures of one bit a pixel: text drawn, others reduced, and those to and from a frame."""

from __future__ import annotations

import enum
import io
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from inkstand.errors import FrameError
from inkstand.frame import Frame
from inkstand.rendering import pango

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inkstand.rendering.pango import Line
    from inkstand.rendering.text import Layout

WHITE, BLACK = 1, 0
_MIDDLE = 128
# By how many degrees clockwise; Pillow counts the other way.
_TURNS = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


class Tone(enum.StrEnum):
    """How grey becomes black and white."""

    DITHER = "dither"
    THRESHOLD = "threshold"


class Framing(enum.StrEnum):
    """How a picture of another shape meets the panel: all of it, or all of the panel."""

    FIT = "fit"
    FILL = "fill"


class Align(enum.Enum):
    """Where lines stand in their box; START is the left, or the right for right-to-left text.

    LEFT and RIGHT are the same for every text.
    """

    START = "start"
    CENTRE = "centre"
    END = "end"
    LEFT = "left"
    RIGHT = "right"


def blank(size: tuple[int, int]) -> Image.Image:
    """Return a white picture of mode "1", `size` is width and height in pixels."""
    return Image.new("1", size, WHITE)


def draw_layout(
    image: Image.Image,
    layout: Layout,
    box: tuple[int, int, int, int],
    align: Align = Align.START,
) -> None:
    """Draw the lines of `layout` into `box` (left, top, right, bottom), centred vertically."""
    left, top, right, bottom = box
    top += max(0, (bottom - top - layout.height) // 2)
    placed = []
    for line in layout.lines:
        placed.append((line, left + _indent(line, right - left, align), top + line.ascent))
        top += line.height
    draw_lines(image, placed)


def draw_line(image: Image.Image, origin: tuple[int, int], line: Line) -> None:
    """Draw one line; `origin` is its left end on the baseline."""
    draw_lines(image, [(line, *origin)])


def draw_lines(image: Image.Image, placed: Iterable[tuple[Line, int, int]]) -> None:
    """Draw lines; each comes with its left end, and with where its baseline is."""
    grey = Image.frombytes("L", image.size, pango.draw(placed, image.size))
    image.paste(BLACK, mask=grey.convert("1", dither=Image.Dither.NONE))


def _indent(line: Line, width: int, align: Align) -> int:
    free = max(0, width - line.width)
    if align is Align.CENTRE:
        return free // 2
    ends_right = (align is Align.END) != line.rtl
    return free if align is Align.RIGHT or (ends_right and align is not Align.LEFT) else 0


def to_frame(image: Image.Image, size: tuple[int, int]) -> Frame:
    """Return `image` as a frame of `size` (width, height); other modes than "1" are dithered.

    Raises:
        FrameError: the picture has another size, or a panel cannot have it.
    """
    if image.size != size:
        raise FrameError(f"the picture has {image.size} pixels, the panel {size}")
    return Frame.from_inverse(*size, dither(image).tobytes())


def from_frame(frame: Frame) -> Image.Image:
    """Return the picture of mode "1" that `frame` holds."""
    return Image.frombytes("1", frame.size, frame.inverse())


def turned(frame: Frame, degrees: int) -> Frame:
    """Return `frame` turned clockwise by 0, 90, 180 or 270 degrees, or back by less than 0.

    Raises:
        FrameError: its height does not fill whole bytes, so that it can not be a width.
    """
    if (turn := _TURNS.get(degrees % 360)) is None:
        return frame
    image = from_frame(frame).transpose(turn)
    return to_frame(image, image.size)


def to_png(image: Image.Image, scale: int = 1) -> bytes:
    """Return `image` as a PNG file, each pixel drawn as `scale` x `scale`."""
    output = io.BytesIO()
    ImageOps.scale(image, scale, Image.Resampling.NEAREST).save(output, "PNG", optimize=True)
    return output.getvalue()


def from_png(data: bytes) -> Image.Image:
    """Return the picture of mode "1" that to_png() made `data` of, at scale 1."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
        made: Image.Image = picture.convert("1")
    return made


def dither(image: Image.Image) -> Image.Image:
    """Return `image` in mode "1" with grey as a pattern of dots (Floyd and Steinberg)."""
    return image if image.mode == "1" else to_grey(image).convert("1")


def threshold(image: Image.Image, limit: int = _MIDDLE) -> Image.Image:
    """Return `image` in mode "1": white from `limit` (0 to 255) on, black below."""
    return to_grey(image).point(lambda value: 255 if value >= limit else 0, "1")


def to_grey(image: Image.Image, ground: str = "white") -> Image.Image:
    """Return `image` in mode "L", what is transparent on a `ground` of that colour."""
    if not image.has_transparency_data:
        return image.convert("L")
    below = Image.new("RGBA", image.size, ground)
    return Image.alpha_composite(below, image.convert("RGBA")).convert("L")


def place(image: Image.Image, size: tuple[int, int], framing: Framing = Framing.FIT) -> Image.Image:
    """Return `image` in mode "L" scaled to `size`: whole on white, or cropped to fill it."""
    grey = to_grey(image)
    if framing is Framing.FILL:
        return ImageOps.fit(grey, size, Image.Resampling.LANCZOS)
    whole = Image.new("L", size, "white")
    scale = min(size[0] / grey.width, size[1] / grey.height)
    # Of a line something stays, however thin it becomes.
    width, height = (max(1, round(scale * side)) for side in grey.size)
    scaled = grey.resize((width, height), Image.Resampling.LANCZOS)
    whole.paste(scaled, ((size[0] - width) // 2, (size[1] - height) // 2))
    return whole


def reduce_tones(image: Image.Image, tone: Tone) -> Image.Image:
    """Return `image` in mode "1", by the way that `tone` names."""
    return dither(image) if tone is Tone.DITHER else threshold(image)
