"""Pictures that people send: what is taken, and how it becomes what is kept. Pure, but slow.

A picture is brought to the panel's size and to black and white once, when it comes; what is kept
and shown is a small PNG. Nothing is decoded before its size is known.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from inkstand.errors import InvalidPictureError, PictureTooLargeError, RequestError
from inkstand.rendering import Framing, Tone, place, reduce_tones, to_png
from inkstand.rendering.picture import to_grey

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 4 * 1024 * 1024
MOST_PIXELS = 25_000_000
# What a body may be said to be, and what Pillow calls it.
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
# For who does not know what it is.
ANY_TYPE = "application/octet-stream"
_MARKS = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff", "WEBP": b"RIFF"}
# What Pillow raises for bytes that are no picture, or only the beginning of one.
_DAMAGED = (OSError, SyntaxError, ValueError, struct.error, IndexError, KeyError, OverflowError)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_ORIENTATION = 0x0112
# From here on a picture that has to be decoded as a whole is costly: 20 ms, 8 MB on a PC.
_MANY_PIXELS = 1_000_000
# How to turn a picture upright, by its Exif orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# How much larger than the panel a picture is while it is scaled: more is not seen.
_ENOUGH = 2
# Pixels of a large picture that are handled at a time: its colours take three times their room.
_STRIP = 500_000
_LOSSLESS = 0x2F


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture meets the panel, which has `size` (width, height)."""

    size: tuple[int, int]
    framing: Framing = Framing.FIT
    tone: Tone = Tone.DITHER


def prepare(data: bytes, said: str, look: Look) -> bytes:
    """Return the picture that `data` encodes as a PNG of the panel's size in black and white.

    `said` is the media type it was sent as, one of FORMATS or ANY_TYPE. One that is_costly()
    may take seconds and 400 MB.

    Raises:
        InvalidPictureError: it is damaged, animated, or no picture of that type.
        PictureTooLargeError: it has more than MOST_BYTES or MOST_PIXELS.
    """
    check_length(len(data))
    kind = _kind(data, said)
    if kind == "WEBP":
        # Pillow makes room for all of it as soon as it opens one.
        _check_pixels(*_webp_size(data))
    try:
        return to_png(_prepare(data, kind, look))
    except RequestError:
        raise
    except _BOMB as error:
        raise _too_many_pixels() from error
    except _DAMAGED as error:
        raise _damaged(kind, error) from error


def check_length(length: int) -> None:
    """Raise PictureTooLargeError for a picture of so many bytes, if it is."""
    if length > MOST_BYTES:
        raise PictureTooLargeError(f"A picture may have {MOST_BYTES >> 20} MB at most")


def is_costly(data: bytes) -> bool:
    """Return whether to prepare a picture takes much memory or time; not said of what is refused.

    Raises:
        InvalidPictureError: it is damaged where it says how large it is.
    """
    if data.startswith(_MARKS["WEBP"]):
        return _is_large(_webp_size(data))
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG"]) as image:
            return _is_large(image.size) and not _shrinks(image)
    except (*_DAMAGED, *_BOMB):
        return False


def _is_large(size: tuple[int, int]) -> bool:
    return _MANY_PIXELS < size[0] * size[1] <= MOST_PIXELS


def _shrinks(image: Image.Image) -> bool:
    """Return whether a picture can be decoded at a fraction of its size: most photos can."""
    return image.format != "PNG" and image.mode in ("L", "RGB") and "progressive" not in image.info


def _prepare(data: bytes, kind: str, look: Look) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        _check_pixels(*image.size)
        # A photo with a thumbnail after it (MPO) is no animation.
        if image.format == kind and getattr(image, "is_animated", False):
            raise InvalidPictureError("The picture is animated; the panel shows one that stands")
        enough = _ENOUGH * max(look.size)
        # A JPEG can be decoded at a fraction of its size; others do not know how.
        image.draft("L", (enough, enough))
        image.load()
        upright = _turned(_small_grey(image, enough), _orientation(image))
    return reduce_tones(place(upright, look.size, look.framing), look.tone)


def _small_grey(image: Image.Image, enough: int) -> Image.Image:
    """Return `image` in mode "L", smaller as long as its shorter side stays `enough`."""
    factor = max(1, min(image.size) // enough)
    width, height = (-(-side // factor) for side in image.size)
    small = Image.new("L", (width, height))
    for top, strip in _strips(image, factor):
        small.paste(to_grey(_with_8_bits(strip)).reduce(factor), (0, top // factor))
    return small


def _strips(image: Image.Image, factor: int) -> Iterator[tuple[int, Image.Image]]:
    rows = factor * max(1, _STRIP // (factor * image.width))
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _with_8_bits(image: Image.Image) -> Image.Image:
    """Return `image` as it is, unless it has 16 bits of grey, which Pillow would cut off."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except (*_DAMAGED, TypeError):
        # What cannot be read there says nothing about the picture.
        return 1


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _kind(data: bytes, said: str) -> str:
    found = next((kind for kind, mark in _MARKS.items() if data.startswith(mark)), None)
    wanted = FORMATS.get(said, found)
    if found is None or found != wanted:
        what = "a picture of a type that is not taken" if found is None else _word(found)
        wish = " or ".join(_word(kind) for kind in _MARKS) if wanted is None else _word(wanted)
        raise InvalidPictureError(f"The body has to be {wish}, and is {what}")
    return found


def _word(kind: str) -> str:
    return "WebP" if kind == "WEBP" else kind


def _check_pixels(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise _too_many_pixels()


def _too_many_pixels() -> PictureTooLargeError:
    return PictureTooLargeError(f"A picture may have {MOST_PIXELS // 1_000_000} megapixels at most")


def _damaged(kind: str, error: Exception) -> InvalidPictureError:
    what = "ends too early" if "truncated" in str(error).lower() else "is damaged"
    return InvalidPictureError(f"The {_word(kind)} picture {what}")


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return width and height as the container says; see RFC 9649, 2.5 to 2.7 and 3.4.

    Raises:
        InvalidPictureError: it does not say.
    """
    chunk, body = data[12:16], data[20:30]
    if data[8:12] == b"WEBP" and len(body) == 10:  # noqa: PLR2004 - what was cut out above
        if chunk == b"VP8X":
            return 1 + _little(body[4:7]), 1 + _little(body[7:10])
        if chunk == b"VP8L" and body[0] == _LOSSLESS:
            bits = _little(body[1:5])
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        if chunk == b"VP8 ":
            return _little(body[6:8]) & 0x3FFF, _little(body[8:10]) & 0x3FFF
    raise InvalidPictureError("The WebP picture is damaged")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
