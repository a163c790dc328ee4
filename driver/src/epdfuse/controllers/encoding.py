"""From frames to the bytes of SPI lines. Pure; a frame is encoded with a few table look-ups.

On the bus a pixel is two bits: 00 and 01 leave it alone, 10 drives it white, 11 black. A line
is a header, the pixels of one row in an order that follows the wiring of the glass, and the
scan bytes: one bit pair for each row, 11 at the row that is driven (Pervasive Displays, COG
driver interface timing documents; checked against the transcripts).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import chain

FLOAT, HOLD, TO_WHITE, TO_BLACK = 0b00, 0b01, 0b10, 0b11

Positions = tuple[int, int, int, int]
"""Which bits of a byte of the frame make a byte on the bus, the first pair first."""


@dataclass(frozen=True, slots=True)
class Drive:
    """What one stage does to a black and to a white pixel of the frame it is given."""

    black: int
    white: int


COMPENSATE = Drive(black=TO_WHITE, white=TO_BLACK)
WHITEN = Drive(black=HOLD, white=TO_WHITE)
INVERSE = Drive(black=HOLD, white=TO_BLACK)
NORMAL = Drive(black=TO_BLACK, white=TO_WHITE)

_MASK = Drive(black=0b11, white=0b00)
ALL_FLOAT, ALL_HOLD, ALL_WHITE, ALL_BLACK = 0x00, 0x55, 0xAA, 0xFF
"""Bytes of four pixels that are all treated alike."""

Scan = Callable[[int, int | None], tuple[bytes, bytes, bytes]]
"""From the number of rows and the row to drive (None: no row) to the scan bytes that come
before, between and after the two columns of pixels."""


@dataclass(frozen=True, slots=True)
class Column:
    """A run of pixel bytes in a line: from each byte of the row one byte for each `Positions`."""

    pixels: tuple[Positions, ...] = ()
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class LineFormat:
    """How the line of one panel is laid out: head, column, column, tail, and scan bytes."""

    rows: int
    row_bytes: int
    head: bytes
    left: Column
    right: Column
    tail: bytes
    scan: Scan


def scan_downwards(rows: int, row: int | None) -> tuple[bytes, bytes, bytes]:
    """Scan bytes between the columns, the last row first (COG 2)."""
    scan = bytearray(rows // 4)
    if row is not None:
        scan[-1 - row // 4] = 0b11 << 2 * (row % 4)
    return b"", bytes(scan), b""


def scan_upwards(rows: int, row: int | None) -> tuple[bytes, bytes, bytes]:
    """Scan bytes between the columns, the first row first (COG 1)."""
    scan = bytearray(rows // 4)
    if row is not None:
        scan[row // 4] = 0b11000000 >> 2 * (row % 4)
    return b"", bytes(scan), b""


def scan_around(rows: int, row: int | None) -> tuple[bytes, bytes, bytes]:
    """Odd rows before the pixels, even rows after them and backwards (1.9 and 2.6 inch)."""
    odd, even = bytearray(rows // 8), bytearray(rows // 8)
    if row is not None and row % 2:
        odd[row // 8] = 0b11000000 >> (row & 0b110)
    elif row is not None:
        even[-1 - row // 8] = 0b11 << (row & 0b110)
    return bytes(odd), b"", bytes(even)


def encode_image(form: LineFormat, drive: Drive, image: bytes) -> bytes:
    """Encode a frame: every row becomes a line, top to bottom."""
    left, right = (_pixels(column, drive, image) for column in (form.left, form.right))
    return _assemble(form, left, right)


def encode_changes(form: LineFormat, drive: Drive, image: bytes, other: bytes) -> bytes:
    """Encode a frame like `encode_image`, but hold every pixel that is the same in `other`."""
    changed = _xor(image, other)
    left, right = (
        _select(_pixels(column, drive, image), _pixels(column, _MASK, changed))
        for column in (form.left, form.right)
    )
    return _assemble(form, left, right)


@cache
def encode_uniform(form: LineFormat, pixels: int) -> bytes:
    """Encode a frame whose pixel bytes all are `pixels`, for instance `ALL_WHITE`."""
    left, right = (_uniform(column, form, pixels) * form.rows for column in (form.left, form.right))
    return _assemble(form, left, right)


@cache
def encode_dummy(form: LineFormat, pixels: int) -> bytes:
    """Encode one line that drives no row."""
    before, between, after = form.scan(form.rows, None)
    left, right = (_uniform(column, form, pixels) for column in (form.left, form.right))
    return b"".join((form.head, before, left, between, right, after, form.tail))


@cache
def line_size(form: LineFormat) -> int:
    """Length of a line in bytes."""
    return len(encode_dummy(form, ALL_FLOAT))


@cache
def pixel_table(drive: Drive, positions: Positions) -> bytes:
    """Give the translation from a byte of a frame to four bit pairs."""
    return bytes(_pairs(drive, byte, positions) for byte in range(256))


def _pairs(drive: Drive, byte: int, positions: Positions) -> int:
    codes = (drive.black if byte >> position & 1 else drive.white for position in positions)
    first, second, third, fourth = codes
    return first << 6 | second << 4 | third << 2 | fourth


def _pixels(column: Column, drive: Drive, image: bytes) -> bytes:
    """Encode the bytes of a column for all rows; a backwards column has its rows backwards too."""
    source = image[::-1] if column.backwards else image
    encoded = bytearray(len(source) * len(column.pixels))
    for index, positions in enumerate(column.pixels):
        encoded[index :: len(column.pixels)] = source.translate(pixel_table(drive, positions))
    return bytes(encoded)


def _uniform(column: Column, form: LineFormat, pixels: int) -> bytes:
    return bytes([pixels]) * (form.row_bytes * len(column.pixels))


def _assemble(form: LineFormat, left: bytes, right: bytes) -> bytes:
    heads, middles, tails = _frame_of(form)
    lefts, rights = _split(form, form.left, left), _split(form, form.right, right)
    parts = zip(heads, lefts, middles, rights, tails, strict=True)
    return b"".join(chain.from_iterable(parts))


def _split(form: LineFormat, column: Column, pixels: bytes) -> list[bytes]:
    size = form.row_bytes * len(column.pixels)
    rows = [pixels[row * size : (row + 1) * size] for row in range(form.rows)]
    return rows[::-1] if column.backwards else rows


@cache
def _frame_of(form: LineFormat) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """What is the same in all frames: heads, scan bytes and tails of every line."""
    scans = [form.scan(form.rows, row) for row in range(form.rows)]
    heads = [form.head + before for before, _, _ in scans]
    tails = [after + form.tail for _, _, after in scans]
    return heads, [between for _, between, _ in scans], tails


def _select(pixels: bytes, mask: bytes) -> bytes:
    """Take the pixels under the mask, and hold the others."""
    held = int.from_bytes(bytes([ALL_HOLD]) * len(pixels))
    selected = held ^ ((held ^ int.from_bytes(pixels)) & int.from_bytes(mask))
    return selected.to_bytes(len(pixels))


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))
