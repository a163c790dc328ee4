"""Pictures that people send: what is taken, and how it becomes what is kept. Pure, but slow.

A picture is brought to the panel's size and to black and white once, when it comes; what is kept
and shown is a small PNG. Nothing is decoded before its size is known.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from inkstand.errors import InvalidPictureError, PictureTooLargeError, RequestError
from inkstand.rendering import Framing, Tone, place, reduce_tones, to_png
from inkstand.rendering.picture import to_grey

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 4 * 1024 * 1024
MOST_PIXELS = 25_000_000
# What a body may be said to be, and what Pillow calls it.
FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/heic": "HEIF",
}
# How a file begins. ISO/IEC 23008-12 names its brands from the ninth byte on.
_MARKS = {
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "WEBP": re.compile(rb"RIFF"),
    "GIF": re.compile(rb"GIF8[79]a"),
    "BMP": re.compile(rb"BM"),
    "TIFF": re.compile(rb"II\*\0|MM\0\*"),
    "HEIF": re.compile(rb"....ftyp(?:hei|hev|mif1|msf1)", re.DOTALL),
}
# A photo with a thumbnail after it is MPO to Pillow.
_JPEG = ("JPEG", "MPO")
_WORDS = {"WEBP": "WebP", "HEIF": "HEIC"}
# Pillow has no decoder for it; this is in no package of Debian 13 for armel.
_HEIF_DECODER = "pillow_heif"
# What Pillow raises for bytes that are no picture, or only the beginning of one.
_DAMAGED = (OSError, SyntaxError, ValueError, struct.error, IndexError, KeyError, OverflowError)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_ORIENTATION = 0x0112
# From here on a picture that has to be decoded as a whole is costly: 20 ms, 8 MB on a PC.
_MANY_PIXELS = 1_000_000
# Decoded by libraries with a long history of faults, never in the process of the app.
_ELSEWHERE = ("TIFF", "HEIF")
# Less than this of a picture in black, or in white, cannot be seen; see is_empty().
LEAST_SEEN = 0.005
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

    `said` is the media type it was sent as, one of FORMATS or media_types.BYTES. One that
    is_costly() may take seconds and 400 MB.

    Raises:
        InvalidPictureError: it is damaged, or no picture of that type.
        PictureTooLargeError: it has more than MOST_BYTES, or there would be more than MOST_PIXELS
            to decode.
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
    kind = _found(data)
    if kind == "WEBP":
        return _is_large(_webp_size(data))
    if kind in _ELSEWHERE:
        return True
    try:
        with Image.open(io.BytesIO(data), formats=[kind] if kind else []) as image:
            return _is_large(image.size) and not _shrinks(image)
    except (*_DAMAGED, *_BOMB):
        return False


def _is_large(size: tuple[int, int]) -> bool:
    return _MANY_PIXELS < size[0] * size[1] <= MOST_PIXELS


def is_empty(png: bytes) -> bool:
    """Return whether less than LEAST_SEEN of what prepare() returned is black, or white."""
    with Image.open(io.BytesIO(png)) as image:
        counts = image.convert("L").histogram()
    return bool(min(counts[0], counts[-1]) < LEAST_SEEN * sum(counts))


def _shrinks(image: Image.Image) -> bool:
    """Return whether a picture can be decoded at a fraction of its size: most photos can."""
    return image.format in _JPEG and image.mode in ("L", "RGB") and "progressive" not in image.info


def _prepare(data: bytes, kind: str, look: Look) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        # Of one that moves, the first picture: this is where Pillow begins.
        enough = _ENOUGH * max(look.size)
        if _shrinks(image):
            image.draft("L", (enough, enough))
        _check_pixels(*image.size)
        image.load()
        upright = _turned(_small_grey(image, enough), _orientation(image))
    return reduce_tones(place(upright, look.size, look.framing), look.tone)


def _small_grey(image: Image.Image, enough: int) -> Image.Image:
    """Return `image` in mode "L", smaller as long as its shorter side stays `enough`.

    What is transparent becomes white; black, if nothing of the picture could be seen on white.
    """
    factor = max(1, min(image.size) // enough)
    on_white = _reduced(image, factor, "white")
    if not image.has_transparency_data or _has_dark(on_white):
        return on_white
    return _reduced(image, factor, "black")


def _has_dark(grey: Image.Image) -> bool:
    counts = grey.histogram()
    return sum(counts[: len(counts) // 2]) >= LEAST_SEEN * sum(counts)


def _reduced(image: Image.Image, factor: int, ground: str) -> Image.Image:
    width, height = (-(-side // factor) for side in image.size)
    small = Image.new("L", (width, height))
    for top, strip in _strips(image, factor):
        if image.format in _JPEG and "adobe" not in image.info:
            strip = _positive(strip)  # noqa: PLW2901 - the same, read rightly
        grey = to_grey(_with_8_bits(strip), ground)
        small.paste(grey.reduce(factor), (0, top // factor))
    return small


def _positive(image: Image.Image) -> Image.Image:
    """Return `image` of a JPEG without Adobe's marker, whose CMYK Pillow takes for a negative."""
    return ImageChops.invert(image) if image.mode == "CMYK" else image


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
    found = _found(data)
    if found is None:
        raise InvalidPictureError(f"The body is no picture that is taken; send {_WANTED}")
    wanted = FORMATS.get(said, found)
    if found != wanted:
        raise InvalidPictureError(
            f"The picture is said to be {_word(wanted)} and is {_word(found)}; send the right type"
        )
    if found == "HEIF" and not _decodes_heif():
        raise InvalidPictureError("The picture is HEIC, which is not decoded here; share as JPEG")
    return found


def _found(data: bytes) -> str | None:
    return next((kind for kind, mark in _MARKS.items() if mark.match(data)), None)


def _decodes_heif() -> bool:
    if importlib.util.find_spec(_HEIF_DECODER) is None:
        return False
    importlib.import_module(_HEIF_DECODER).register_heif_opener()
    return True


def _word(kind: str) -> str:
    return _WORDS.get(kind, kind)


_WANTED = "PNG, JPEG, WebP, GIF, BMP or TIFF"


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
