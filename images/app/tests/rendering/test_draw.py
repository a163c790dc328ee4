"""Lines of text on a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from inkstand.rendering import Align, Line, blank, draw_layout, draw_line, fit
from inkstand.rendering import fonts as fonts_module
from inkstand.rendering.bidi import is_rtl

if TYPE_CHECKING:
    from pathlib import Path

    from inkstand.rendering.fonts import Family

pytestmark = pytest.mark.unit

SIZE = 24


def ink(image: Image.Image) -> tuple[int, int, int, int] | None:
    """Return the box around all black pixels."""
    return ImageChops.invert(image.convert("L")).getbbox()


def drawn(text: str, family: Family) -> Image.Image:
    image = blank((240, 40))
    draw_line(image, (4, 30), Line(text, is_rtl(text)), family, SIZE)
    return image


@pytest.fixture
def without_raqm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Pillow that was built without libraqm."""

    def load(path: Path, size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)

    monkeypatch.setattr(fonts_module, "_load", load)


def test_letters_are_black_on_white(family: Family) -> None:
    image = drawn("Hello", family)
    assert image.mode == "1"
    assert ink(image) is not None


def columns(image: Image.Image) -> Image.Image:
    """Return what is between the leftmost and the rightmost black pixel."""
    left, _, right, _ = ink(image) or (0, 0, 0, 0)
    return image.crop((left, 0, right, image.height))


def test_hebrew_begins_on_the_right(dejavu: Family) -> None:
    word, first = columns(drawn("\u05d0\u05d1\u05d2", dejavu)), columns(drawn("\u05d0", dejavu))
    right_end = word.crop((word.width - first.width, 0, word.width, word.height))
    assert right_end.tobytes() == first.tobytes()


def test_hebrew_in_english_stands_where_it_is_read(dejavu: Family) -> None:
    """The Hebrew word turns around, and what is left and right of it stays."""
    english = ink(drawn("abc ", dejavu))
    mixed = drawn("abc אב", dejavu)
    assert english is not None
    assert mixed.crop((0, 0, english[2], 40)).tobytes() == (
        drawn("abc ", dejavu).crop((0, 0, english[2], 40)).tobytes()
    )


@pytest.mark.usefixtures("without_raqm")
def test_without_libraqm_hebrew_is_turned_around_without_its_points(dejavu: Family) -> None:
    expected = blank((240, 40))
    ImageDraw.Draw(expected).text((4, 30), "(\u05d1)\u05d0", 0, dejavu.faces[0].at(SIZE), "ls")
    assert drawn("\u05d0\u05b8(\u05d1)", dejavu).tobytes() == expected.tobytes()


def test_arabic_letters_are_joined(dejavu: Family) -> None:
    if dejavu.faces[0].at(SIZE).layout_engine is not ImageFont.Layout.RAQM:
        pytest.skip("this Pillow has no libraqm, which joins them")
    word = ink(drawn("بيت", dejavu))
    letters = [ink(drawn(letter, dejavu)) for letter in "بيت"]
    assert word is not None
    assert word[2] - word[0] < sum(box[2] - box[0] for box in letters if box is not None)


def test_an_unknown_character_leaves_a_box(family: Family) -> None:
    assert ink(drawn("\u1208", family)) is not None


@pytest.mark.parametrize(
    ("text", "align", "side"),
    [
        ("abc", Align.START, "left"),
        ("abc", Align.END, "right"),
        ("abc", Align.CENTRE, "middle"),
        ("שלום", Align.START, "right"),
        ("שלום", Align.END, "left"),
    ],
)
def test_lines_stand_on_their_side(text: str, align: Align, side: str, dejavu: Family) -> None:
    image = blank((264, 176))
    draw_layout(image, fit(text, (264, 176), dejavu, (20,)), (0, 0, 264, 176), dejavu, align)
    box = ink(image)
    assert box is not None
    margins = (box[0], 264 - box[2])
    assert {"left": margins[0] < 5, "right": margins[1] < 5, "middle": max(margins) < 150}[side]


def test_a_layout_stays_in_its_box_and_in_its_middle(family: Family) -> None:
    image = blank((264, 176))
    box = (60, 40, 200, 140)
    draw_layout(image, fit("Wg " * 10, (140, 100), family), box, family)
    left, top, right, bottom = ink(image) or (0, 0, 0, 0)
    assert left >= 59
    assert right <= 201
    assert 40 <= top < bottom <= 140
