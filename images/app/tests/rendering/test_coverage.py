"""Which characters a font has, read from tables made here and from a real font."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.rendering.coverage import Coverage, read_coverage

if TYPE_CHECKING:
    from inkstand.rendering.fonts import Family

pytestmark = pytest.mark.unit

FORMAT_4 = struct.pack(">7H", 4, 40, 0, 6, 0, 0, 0) + struct.pack(
    ">3H H 3H 3H 3H", 0x7E, 0xE9, 0xFFFF, 0, 0x20, 0xE0, 0xFFFF, 0, 0, 1, 0, 0, 0
)
FORMAT_12 = struct.pack(">2H3I", 12, 0, 40, 0, 2) + struct.pack(
    ">6I", 0x1F600, 0x1F64F, 9, 0x20, 0x7E, 1
)


def font(subtable: bytes, encoding: int, start: int = 0) -> bytes:
    """Return a font file with nothing but a cmap table, which is at 28 from `start`."""
    directory = struct.pack(">I4H", 0x00010000, 1, 0, 0, 0)
    entry = struct.pack(">4s3I", b"cmap", 0, start + 28, 12 + len(subtable))
    return directory + entry + struct.pack(">2H2HI", 0, 1, 3, encoding, 12) + subtable


def test_a_font_with_the_first_plane_only() -> None:
    coverage = read_coverage(font(FORMAT_4, 1))
    assert coverage == Coverage((0x20, 0xE0), (0x7E, 0xE9))
    assert [it in coverage for it in "A\x7fé\uffff"] == [True, False, True, False]


def test_a_font_with_all_planes() -> None:
    coverage = read_coverage(font(FORMAT_12, 10))
    assert [it in coverage for it in "A\U0001f600\U0001f650é"] == [True, True, False, False]


def test_the_second_font_of_a_collection() -> None:
    head = struct.pack(">4s2I2I", b"ttcf", 0x00010000, 2, 0, 20)
    assert "é" in read_coverage(head + font(FORMAT_4, 1, start=20), index=1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a font at all, just text",
        font(FORMAT_4, 1)[:50],
        font(struct.pack(">7H", 6, 0, 0, 0, 0, 0, 0), 1),
        font(FORMAT_4, 7),
        struct.pack(">I4H", 0x00010000, 0, 0, 0, 0),
    ],
)
def test_what_is_no_font_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"font|cmap"):
        read_coverage(data)


@given(st.binary(max_size=200), st.integers(0, 80))
def test_no_bytes_do_more_than_be_refused(noise: bytes, at: int) -> None:
    data = font(FORMAT_12, 10)
    try:
        read_coverage(data[:at] + noise)
    except ValueError:
        return


def test_dejavu_has_what_it_is_known_for(dejavu: Family) -> None:
    coverage = dejavu.faces[0].coverage
    assert all(it in coverage for it in "Aé…Ωжשس☕\U0001f600")
    assert not any(it in coverage for it in "漢あ한\u0e01\U0001f680")
