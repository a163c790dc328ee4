"""Links as QR codes."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from inkstand.rendering import blank
from inkstand.rendering.qr import draw_code

pytestmark = pytest.mark.unit
LINK = "https://mac.example.com"


def ink(image: Image.Image) -> tuple[int, int, int, int]:
    box = ImageChops.invert(image.convert("L")).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("largest", [33, 65, 66, 90, 170])
def test_a_code_has_whole_dots_and_white_around_it(largest: int) -> None:
    image = blank((264, 176))
    width = draw_code(image, LINK, largest)
    scale = largest // 33
    assert width == 33 * scale
    assert ink(image) == (264 - width + 4 * scale, 4 * scale, 264 - 4 * scale, 29 * scale)


def test_a_code_has_its_three_marks() -> None:
    image = blank((33, 33))
    draw_code(image, LINK, 33)
    for corner in ((4, 4), (22, 4), (4, 22)):
        mark = image.crop((*corner, corner[0] + 7, corner[1] + 7))
        rows = [[mark.getpixel((x, y)) == 0 for x in range(7)] for y in range(7)]
        assert rows[0] == rows[6] == [True] * 7
        assert rows[1] == rows[5] == [True, *[False] * 5, True]
        assert rows[3] == [True, False, True, True, True, False, True]


@pytest.mark.parametrize("link", [LINK * 3, "a" * 5000])
def test_a_link_that_needs_more_dots_than_there_are_is_not_drawn(link: str) -> None:
    image = blank((40, 40))
    assert draw_code(image, link, 30) == 0
    assert image.tobytes() == blank((40, 40)).tobytes()
