"""Frames as PNG files: black is black, one pixel of the panel is one pixel of the picture.

Pillow would do this too, and keep 5 MB of a small Pi's memory as long as the driver lives.
Written is the plainest PNG there is (1 bit, no filter, one data chunk), and only that is
read back. Format: W3C, Portable Network Graphics (third edition), sections 5 and 11.
"""

import logging
import struct
import zlib
from pathlib import Path

from epdfuse.bits import View
from epdfuse.panel import PanelSpec
from epdfuse.storage import replace_file

log = logging.getLogger(__name__)

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_END = b"\0\0\0\0IEND\xaeB`\x82"
_ONE_BIT_GREY = b"\x01\0\0\0\0"
_NO_FILTER = b"\0"


class NotOurPictureError(ValueError):
    """The file is no picture of this panel, or not one that `encode` made."""


def encode(frame: bytes, spec: PanelSpec) -> bytes:
    """A frame in natural coding as a PNG."""
    light = View.BE_INVERSE.translate(frame)
    width = spec.row_bytes
    rows = (light[start : start + width] for start in range(0, len(light), width))
    data = zlib.compress(b"".join(_NO_FILTER + row for row in rows))
    return _start(spec) + _chunk(b"IDAT", data) + _END


def decode(png: bytes, spec: PanelSpec) -> bytes:
    """The opposite of `encode`.

    Raises:
        NotOurPictureError: it is something else.
    """
    start = _start(spec)
    if not (png.startswith(start) and png.endswith(_END)):
        raise NotOurPictureError("it is not a picture of this panel")
    try:
        rows = zlib.decompress(png[len(start) + 8 : -len(_END) - 4])
    except zlib.error as error:
        raise NotOurPictureError("it is damaged") from error
    return _without_filters(rows, spec)


def save(frame: bytes, spec: PanelSpec, path: Path) -> None:
    """Replace the picture at `path`; raises OSError."""
    replace_file(path, encode(frame, spec))


def load(path: Path, spec: PanelSpec) -> bytes | None:
    """The frame of a picture; None when there is none of this panel."""
    try:
        return decode(path.read_bytes(), spec)
    except FileNotFoundError:
        return None
    except (OSError, NotOurPictureError) as error:
        log.warning("%s is not used: %s", path, error)
        return None


def _start(spec: PanelSpec) -> bytes:
    header = struct.pack(">II", spec.width, spec.height) + _ONE_BIT_GREY
    return _SIGNATURE + _chunk(b"IHDR", header)


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def _without_filters(rows: bytes, spec: PanelSpec) -> bytes:
    step = 1 + spec.row_bytes
    if len(rows) != step * spec.height or any(rows[::step]):
        raise NotOurPictureError("it was made by another program")
    light = b"".join(rows[at + 1 : at + step] for at in range(0, len(rows), step))
    return View.BE_INVERSE.translate(light)
