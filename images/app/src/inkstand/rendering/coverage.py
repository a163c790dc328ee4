"""Which characters a font file can draw, read from its `cmap` table.

Pillow does not tell. Layouts are facts of the OpenType specification, chapters "Font file" and
"cmap", subtable formats 4 and 12; all numbers are big-endian.
"""

from __future__ import annotations

import bisect
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mmap

    Data = bytes | mmap.mmap

_COLLECTION = b"ttcf"
# Unicode with all planes before Unicode with the first plane only: (platform, encoding).
_WANTED = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3))


@dataclass(frozen=True, slots=True)
class Coverage:
    """A set of characters, as ranges of code points, both ends included, in rising order."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __contains__(self, character: str) -> bool:
        code = ord(character)
        index = bisect.bisect_right(self.starts, code) - 1
        return index >= 0 and code <= self.ends[index]


def read_coverage(data: Data, index: int = 0) -> Coverage:
    """Return what face `index` of a TrueType or OpenType file or collection can draw.

    Raises:
        ValueError: the data is cut short or holds no Unicode table of a known format.
    """
    try:
        return _from_ranges(_ranges(data, _subtable(data, _cmap(data, _face(data, index)))))
    except (struct.error, IndexError) as error:
        raise ValueError("the font is cut short") from error


def _from_ranges(ranges: list[tuple[int, int]]) -> Coverage:
    ranges.sort()
    return Coverage(tuple(start for start, _ in ranges), tuple(end for _, end in ranges))


def _face(data: Data, index: int) -> int:
    if data[:4] != _COLLECTION:
        return 0
    return int(struct.unpack_from(">I", data, 12 + 4 * index)[0])


def _cmap(data: Data, face: int) -> int:
    (count,) = struct.unpack_from(">H", data, face + 4)
    for number in range(count):
        tag, _, offset, _ = struct.unpack_from(">4s3I", data, face + 12 + 16 * number)
        if tag == b"cmap":
            return int(offset)
    raise ValueError("the font has no cmap table")


def _subtable(data: Data, cmap: int) -> int:
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    records = [struct.unpack_from(">2HI", data, cmap + 4 + 8 * number) for number in range(count)]
    offsets = {(platform, encoding): cmap + offset for platform, encoding, offset in records}
    for wanted in _WANTED:
        if wanted in offsets:
            return int(offsets[wanted])
    raise ValueError("the font has no Unicode table")


def _ranges(data: Data, table: int) -> list[tuple[int, int]]:
    (kind,) = struct.unpack_from(">H", data, table)
    if kind == 4:  # noqa: PLR2004 - the number of a format
        return _ranges_of_format_4(data, table)
    if kind == 12:  # noqa: PLR2004
        return _ranges_of_format_12(data, table)
    raise ValueError(f"cmap format {kind} is not known here")


def _ranges_of_format_12(data: Data, table: int) -> list[tuple[int, int]]:
    (count,) = struct.unpack_from(">I", data, table + 12)
    groups = struct.iter_unpack(">3I", data[table + 16 : table + 16 + 12 * count])
    return [(start, end) for start, end, _ in groups]


def _ranges_of_format_4(data: Data, table: int) -> list[tuple[int, int]]:
    # A segment may hold characters without a glyph; the fonts we use have none worth the search.
    (doubled,) = struct.unpack_from(">H", data, table + 6)
    words = f">{doubled // 2}H"
    ends = struct.unpack_from(words, data, table + 14)
    starts = struct.unpack_from(words, data, table + 16 + doubled)
    return [(start, end) for start, end in zip(starts, ends, strict=True) if end != 0xFFFF]  # noqa: PLR2004 - the closing segment
