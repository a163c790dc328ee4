"""A picture in the form a panel takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from inkstand.errors import FrameError

_INVERT = bytes(byte ^ 0xFF for byte in range(256))


def frame_length(width: int, height: int) -> int:
    """Return how many bytes a frame of that many pixels has.

    Raises:
        FrameError: the pixels do not fill whole bytes.
    """
    if width <= 0 or height <= 0 or width % 8:
        raise FrameError(f"a panel of {width}x{height} pixels cannot be: width must be 8, 16, …")
    return width * height // 8


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of `width` x `height` pixels, one bit each.

    `data` is coded like the EPD directory's `LE/display` and `LE/current`: 1 = black, rows top to
    bottom, the most significant bit of a byte is its left pixel; exactly width * height / 8 bytes.

    Raises:
        FrameError: `data` has another length.
    """

    width: int
    height: int
    data: bytes

    def __post_init__(self) -> None:
        expected = frame_length(self.width, self.height)
        if len(self.data) != expected:
            raise FrameError(
                f"a frame of {self.width}x{self.height} has {expected} bytes, not {len(self.data)}"
            )

    @classmethod
    def white(cls, width: int, height: int) -> Self:
        """Return a frame with no black pixel."""
        return cls(width, height, bytes(frame_length(width, height)))

    @classmethod
    def from_inverse(cls, width: int, height: int, data: bytes) -> Self:
        """Make a frame of bytes where 0 = black, which is what Pillow's mode "1" gives.

        Raises:
            FrameError: `data` has another length than width * height / 8.
        """
        return cls(width, height, data.translate(_INVERT))

    def inverse(self) -> bytes:
        """Return the bytes with 0 = black, which is what Pillow's mode "1" takes."""
        return self.data.translate(_INVERT)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return (self.width, self.height)
