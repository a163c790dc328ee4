"""What a panel of glass would show: the picture that SPI bytes stand for.

The vendor's timing documents (Pervasive Displays 4P008-00 for COG 1, 4P015-00 and 4P018-00 for
COG 2) number the dots of a line from left to right, D(1,y) to D(w,y), and the lines from the top,
S(1) to S(h), and say in which order their bit pairs are sent. That order is all this module knows.
It has nothing from the driver and knows of no frames, so it proves which pixel is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SIZES = {
    "1.44": (128, 96),
    "1.9": (144, 128),
    "2.0": (200, 96),
    "2.6": (232, 128),
    "2.7": (264, 176),
}
"""Diagonal in inches to dots of a line and lines."""

_SELECT, _WRITE, _LINE_DATA = "70", "72", "0a"
_BLACK, _WHITE = 0b11, 0b10
_DRIVEN = {_BLACK: 0, _WHITE: 255}
_PAIRS = tuple(bytes((byte >> 6, byte >> 4 & 3, byte >> 2 & 3, byte & 3)) for byte in range(256))

Place = tuple[str, int]
"""What a bit pair is for: `("D", 1)` the first dot, `("S", 1)` the first line, or neither."""

_BYTE: list[Place] = [("", 0)] * 4


def _dots(numbers: Iterable[int]) -> list[Place]:
    return [("D", number) for number in numbers]


def _lines(numbers: Iterable[int]) -> list[Place]:
    return [("S", number) for number in numbers]


def order(size: str, film: int) -> list[Place]:
    """Give the order of the bit pairs of a line, as the vendor's documents have it."""
    width, height = SIZES[size]
    if film == 110:  # noqa: PLR2004 - COG 1: 4P008-00
        pairs = (
            _dots(range(width, 0, -2)) + _lines(range(1, height + 1)) + _dots(range(1, width, 2))
        )
        return _BYTE + pairs if size == "1.44" else pairs + _BYTE
    if size in {"1.9", "2.6"}:
        scan = _lines(range(2, height + 1, 2)), _lines(range(height - 1, 0, -2))
        return [*scan[0], *_dots(range(width, 0, -1)), *scan[1], *_BYTE]
    pairs = (
        _dots(range(width - 1, 0, -2))
        + _lines(range(height, 0, -1))
        + _dots(range(2, width + 1, 2))
    )
    border_last = size == "1.44" and film == 231  # noqa: PLR2004
    return pairs + _BYTE if border_last else _BYTE + pairs


@dataclass
class Glass:
    """A white panel that is driven by what goes over its bus.

    Args:
        size: its diagonal in inches, e.g. `"2.7"`.
        film: 110, 230 or 231.
    """

    size: str
    film: int
    shades: list[bytes] = field(init=False)
    """For each line from the top its dots from the left, a byte each: 0 black, 255 white."""

    def __post_init__(self) -> None:
        width, height = SIZES[self.size]
        self.shades = [bytes([255]) * width for _ in range(height)]
        places = order(self.size, self.film)
        self._dots = itemgetter(*(places.index(("D", x)) for x in range(1, width + 1)))
        self._lines = itemgetter(*(places.index(("S", y)) for y in range(1, height + 1)))
        self._length = len(places) // 4

    @property
    def picture(self) -> bytes:
        """All dots, line by line from the top left: 0 black, 255 white."""
        return b"".join(self.shades)

    def take(self, events: Iterable[str]) -> None:
        """Take events of the bus, written as in docs/contracts.md.

        Raises:
            ValueError: the data of a line have another length than this panel's.
        """
        register = ""
        for event in events:
            if event.startswith(f"send {_SELECT}"):
                register = event[7:]
            elif event.startswith(f"send {_WRITE}") and register == _LINE_DATA:
                self._drive(bytes.fromhex(event[7:]))

    def _drive(self, data: bytes) -> None:
        if len(data) != self._length:
            raise ValueError(f"a line of {len(data)} bytes; this panel has {self._length}")
        pairs = b"".join([_PAIRS[byte] for byte in data])
        line = bytes(self._lines(pairs)).find(_BLACK)
        if line >= 0:
            self.shades[line] = _driven(self.shades[line], self._dots(pairs))


def _driven(shades: bytes, codes: Sequence[int]) -> bytes:
    """Drive the dots of a line; codes other than black and white leave a dot as it is."""
    return bytes([_DRIVEN.get(code, shade) for code, shade in zip(codes, shades, strict=True)])
