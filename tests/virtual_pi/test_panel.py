"""The picture of the glass."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tools.common.errors import ToolError
from virtual_pi import panel

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("line", ["EPD 2.7 264x176 COG 2 FILM 231\n", "EPD 2.7 264x176 COG 2\n"])
def test_the_size_is_read_with_and_without_the_film(line: str) -> None:
    assert panel.size(line) == (264, 176)


def test_another_description_is_quoted() -> None:
    with pytest.raises(ToolError, match="'nonsense'"):
        panel.size("nonsense")


def test_a_set_bit_is_black_and_the_highest_bit_is_left() -> None:
    picture = Image.open(io.BytesIO(panel.png(bytes([0b10000000, 0b00000001]), 8, 2)))
    pixels = [[picture.getpixel((x, y)) for x in range(8)] for y in range(2)]
    assert pixels == [[0] + [255] * 7, [255] * 7 + [0]]


def test_a_picture_can_be_enlarged() -> None:
    picture = Image.open(io.BytesIO(panel.png(bytes([0b10000000]), 8, 1, scale=3)))
    assert picture.size == (24, 3)
    assert [picture.getpixel((x, 2)) for x in range(4)] == [0, 0, 0, 255]


def test_a_frame_of_another_length_is_refused() -> None:
    with pytest.raises(ToolError, match="5807 bytes; 264x176 has 5808"):
        panel.png(bytes(5807), 264, 176)
