"""The four ways in which one frame can be read and written.

Every view is a table of 256 bytes for `bytes.translate`, and its own opposite: what was
written through a view reads back through it unchanged.
"""

from enum import Enum

_SAME = bytes(range(256))
_INVERTED = bytes(byte ^ 0xFF for byte in _SAME)
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in _SAME)


class View(Enum):
    """How bytes of a file stand for pixels; `BE` is the natural coding.

    The left one of eight pixels is the least significant bit in `BE`, the most significant in
    `LE`. `LE_INVERSE` is what Pillow's mode "1" and the rows of a PNG are.
    """

    BE = _SAME
    BE_INVERSE = _INVERTED
    LE = _REVERSED
    LE_INVERSE = _REVERSED.translate(_INVERTED)

    def translate(self, data: bytes | bytearray) -> bytes:
        """Turn bytes of this view into natural coding, or back."""
        return bytes(data).translate(self.value)


def driven(glass: bytes, old: bytes, new: bytes) -> bytes:
    """A partial update: pixels that differ between `old` and `new` become `new`.

    The others stay as they are on the glass. All three have the length of a frame.
    """
    here, before, after = (int.from_bytes(frame, "big") for frame in (glass, old, new))
    changed = before ^ after
    return ((here & ~changed) | (after & changed)).to_bytes(len(glass), "big")
