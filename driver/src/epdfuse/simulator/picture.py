"""The glass as a PNG file: black is black, one pixel of the panel is one pixel of the picture.

Pillow would do this too, and keep 5 MB of a small Pi's memory as long as the driver lives.
Written is the plainest PNG there is (1 bit, or 8 bits when something is grey; no filter, one
data chunk), and only that is read back. Format: W3C, Portable Network Graphics (third
edition), sections 5 and 11.
"""

import logging
import struct
import zlib
from pathlib import Path

from epdfuse.panel.bits import View
from epdfuse.panel.spec import PanelSpec
from epdfuse.storage import replace_file

log = logging.getLogger(__name__)

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_END = b"\0\0\0\0IEND\xaeB`\x82"
_NO_FILTER = b"\0"
_BLACK, _WHITE = 0, 255
_DIGITS = b"0" * 128 + b"1" * 128
"""From shades to the digits of a binary number; what is darker than half is black."""
_SHADES = [bytes(_BLACK if byte >> bit & 1 else _WHITE for bit in range(8)) for byte in range(256)]
"""From a byte of a frame to the shades of its pixels."""


class NotOurPictureError(ValueError):
    """The file is no picture of this panel, or not one that `encode` made."""


def encode(shades: bytes, spec: PanelSpec) -> bytes:
    """Shades, a byte for each pixel (0 black, 255 white), as a PNG."""
    depth = 1 if set(shades) <= {_BLACK, _WHITE} else 8
    content = _packed(shades) if depth == 1 else shades
    width = len(content) // spec.height
    rows = (content[start : start + width] for start in range(0, len(content), width))
    data = zlib.compress(b"".join(_NO_FILTER + row for row in rows))
    return _start(spec, depth) + _chunk(b"IDAT", data) + _END


def decode(png: bytes, spec: PanelSpec) -> bytes:
    """The opposite of `encode`.

    Raises:
        NotOurPictureError: it is something else.
    """
    for depth in (1, 8):
        if png.startswith(_start(spec, depth)) and png.endswith(_END):
            rows = _without_filters(_inflated(png, len(_start(spec, depth))), spec, depth)
            return rows if depth == 8 else shades_of(View.LE_INVERSE.translate(rows))  # noqa: PLR2004
    raise NotOurPictureError("it is not a picture of this panel")


def shades_of(frame: bytes) -> bytes:
    """A frame in natural coding as shades."""
    return b"".join([_SHADES[byte] for byte in frame])


def frame_of(shades: bytes) -> bytes:
    """The frame an eye takes shades for."""
    return View.LE_INVERSE.translate(_packed(shades))


def save(shades: bytes, spec: PanelSpec, path: Path) -> None:
    """Replace the picture at `path`; raises OSError."""
    replace_file(path, encode(shades, spec))


def load(path: Path, spec: PanelSpec) -> bytes | None:
    """The shades of a picture; None when there is none of this panel."""
    try:
        return decode(path.read_bytes(), spec)
    except FileNotFoundError:
        return None
    except (OSError, NotOurPictureError) as error:
        log.warning("%s is not used: %s", path, error)
        return None


def _packed(shades: bytes) -> bytes:
    """One bit a pixel, the most significant one left, 1 = light."""
    return int(shades.translate(_DIGITS), 2).to_bytes(len(shades) // 8)


def _start(spec: PanelSpec, depth: int) -> bytes:
    header = struct.pack(">IIBBBBB", spec.width, spec.height, depth, 0, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header)


def _inflated(png: bytes, start: int) -> bytes:
    try:
        return zlib.decompress(png[start + 8 : -len(_END) - 4])
    except zlib.error as error:
        raise NotOurPictureError("it is damaged") from error


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def _without_filters(rows: bytes, spec: PanelSpec, depth: int) -> bytes:
    step = 1 + spec.width * depth // 8
    if len(rows) != step * spec.height or any(rows[::step]):
        raise NotOurPictureError("it was made by another program")
    return b"".join(rows[at + 1 : at + step] for at in range(0, len(rows), step))
