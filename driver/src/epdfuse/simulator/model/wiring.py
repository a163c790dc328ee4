"""Which bit pair of a line belongs to which pixel, row or border. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from epdfuse.panel.spec import PanelSpec

_PAIRS = tuple(bytes((byte >> 6, byte >> 4 & 3, byte >> 2 & 3, byte & 3)) for byte in range(256))
Gather = Callable[[bytes], Sequence[int]]


class LineError(ValueError):
    """A line that no driver of this panel would send."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a line asks for: `row` None drives no row; `codes` has two bits for each pixel."""

    row: int | None
    codes: bytes
    border: int


@dataclass(frozen=True, slots=True)
class Wiring:
    """Where the outputs of the chip are in a line, counted in bit pairs after the header."""

    length: int
    pixels: Gather
    """Gives the codes from left to right."""
    rows: Gather
    """Gives the scan pairs from top to bottom."""
    border: int | None
    """Place of the border byte in the line, counted in bytes."""
    filler: int | None
    """Place of a byte that is always zero."""

    def decode(self, data: bytes) -> Line:
        """Read the data of a line.

        Raises:
            LineError: wrong length, more than one row, odd scan pairs or filler.
        """
        if len(data) != self.length:
            raise LineError(f"a line of {len(data)} bytes; this panel has {self.length}")
        if self.filler is not None and data[self.filler]:
            raise LineError("the filler byte is not zero")
        pairs = b"".join([_PAIRS[byte] for byte in data])
        border = 0 if self.border is None else data[self.border]
        return Line(_row(bytes(self.rows(pairs))), bytes(self.pixels(pairs)), border)


def _row(scan: bytes) -> int | None:
    selected = len(scan) - scan.count(0)
    if not selected:
        return None
    row = scan.find(3)
    if selected > 1 or row < 0:
        raise LineError("the scan bytes do not select one row")
    return row


def wiring(spec: PanelSpec) -> Wiring:
    """Give the wiring of a panel."""
    if spec.film.cog == 1:
        return _first_generation(spec)
    if spec.size in {"1.9", "2.6"}:
        return _rows_on_both_sides(spec)
    return _rows_in_the_middle(spec)


def _first_generation(spec: PanelSpec) -> Wiring:
    """Film 110: even pixels (of 1, 2, ...) from the right, rows downwards, odd from the left."""
    left = list(range(spec.width - 1, 0, -2))
    right = list(range(0, spec.width, 2))
    small = spec.size == "1.44"
    start = 4 if small else 0
    places = _places(start, left, list(range(spec.height)), right)
    length = (start + spec.width + spec.height) // 4
    if small:
        return Wiring(length, *places, border=0, filler=None)
    return Wiring(length + 1, *places, border=None, filler=length)


def _rows_in_the_middle(spec: PanelSpec) -> Wiring:
    """COG 2: odd pixels (of 1, 2, ...) from the right, rows upwards, even from the left."""
    left = list(range(spec.width - 2, -1, -2))
    right = list(range(1, spec.width, 2))
    border_last = spec.film.number == 231 and spec.size == "1.44"  # noqa: PLR2004
    start = 0 if border_last else 4
    places = _places(start, left, list(reversed(range(spec.height))), right)
    length = (spec.width + spec.height) // 4 + 1
    return Wiring(length, *places, border=length - 1 if border_last else 0, filler=None)


def _rows_on_both_sides(spec: PanelSpec) -> Wiring:
    """1.9 and 2.6 inch: odd rows downwards, pixels from the right, even rows upwards, border."""
    pixels = reversed(range(spec.width))
    half = spec.height // 2
    after = half + spec.width
    odd, even = range(1, spec.height, 2), reversed(range(0, spec.height, 2))
    rows = _inverse([*enumerate(odd), *enumerate(even, after)])
    columns = _inverse(enumerate(pixels, half))
    length = (spec.width + spec.height) // 4 + 1
    return Wiring(length, _gather(columns), _gather(rows), border=length - 1, filler=None)


def _places(
    start: int, left: list[int], scan: list[int], right: list[int]
) -> tuple[Gather, Gather]:
    """Lay left pixels, scan and right pixels one after the other from a bit pair on."""
    middle, after = start + len(left), start + len(left) + len(scan)
    columns = _inverse([*enumerate(left, start), *enumerate(right, after)])
    return _gather(columns), _gather(_inverse(enumerate(scan, middle)))


def _inverse(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    return {wanted: place for place, wanted in pairs}


def _gather(place_of: dict[int, int]) -> Gather:
    return itemgetter(*(place_of[wanted] for wanted in sorted(place_of)))
