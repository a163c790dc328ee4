"""A picture of what is on the glass, out of the bytes of the EPD directory."""

from __future__ import annotations

import re
import struct
import zlib

from tools.common.errors import ToolError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def size(description: str) -> tuple[int, int]:
    """Read width and height in pixels from the file `panel`: `EPD 2.7 264x176 COG 2 FILM 231`.

    Raises:
        ToolError: it is written otherwise.
    """
    found = re.match(r"EPD \d+\.\d+ (\d+)x(\d+) COG \d+", description)
    if not found:
        raise ToolError(f"The panel describes itself as {description!r}.")
    return int(found[1]), int(found[2])


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def _enlarged(row: bytes, scale: int) -> bytes:
    bits = "".join(f"{byte ^ 0xFF:08b}" for byte in row)
    wide = "".join(bit * scale for bit in bits)
    return int(wide, 2).to_bytes(len(wide) // 8, "big")


def png(frame: bytes, width: int, height: int, scale: int = 1) -> bytes:
    """Encode a frame as `LE/current` has it (1 = black, most significant bit left) as a PNG.

    Raises:
        ToolError: the frame is not width * height / 8 bytes long.
    """
    stride = width // 8
    if len(frame) != stride * height:
        raise ToolError(
            f"The panel gave {len(frame)} bytes; {width}x{height} has {stride * height}."
        )
    rows = (frame[i : i + stride] for i in range(0, len(frame), stride))
    # Each row begins with the number of its PNG filter: none.
    lines = b"".join((b"\0" + _enlarged(row, scale)) * scale for row in rows)
    header = struct.pack(">IIBBBBB", width * scale, height * scale, 1, 0, 0, 0, 0)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines, 9)) + _chunk(b"IEND", b"")
    return PNG_SIGNATURE + body
