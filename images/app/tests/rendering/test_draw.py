"""Lines of text on a picture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops

from inkstand.rendering import Align, blank, clean, draw_layout, draw_line, fit

if TYPE_CHECKING:
    from inkstand.rendering.fonts import Family

pytestmark = pytest.mark.unit

SIZE = 24


def ink(image: Image.Image) -> tuple[int, int, int, int] | None:
    """Return the box around all black pixels."""
    return ImageChops.invert(image.convert("L")).getbbox()


def drawn(text: str, family: Family, width: int = 240) -> Image.Image:
    image = blank((width, 40))
    draw_line(image, (4, 30), family.line(text, SIZE))
    return image


def columns(image: Image.Image) -> Image.Image:
    """Return what is between the leftmost and the rightmost black pixel."""
    left, _, right, _ = ink(image) or (0, 0, 0, 0)
    return image.crop((left, 0, right, image.height))


def test_letters_are_black_on_white(family: Family) -> None:
    image = drawn("Hello", family)
    assert image.mode == "1"
    assert ink(image) is not None


def test_what_is_drawn_already_stays(family: Family) -> None:
    first, second, both = drawn("l", family), blank((240, 40)), drawn("l", family)
    for image in (second, both):
        draw_line(image, (100, 30), family.line("m", SIZE))
    assert both.tobytes() == ImageChops.logical_and(first, second).tobytes()


def test_hebrew_begins_on_the_right(family: Family) -> None:
    word, first = columns(drawn("\u05d0\u05d1\u05d2", family)), columns(drawn("\u05d0", family))
    right_end = word.crop((word.width - first.width, 0, word.width, word.height))
    assert right_end.tobytes() == first.tobytes()


def test_hebrew_in_english_stands_where_it_is_read(family: Family) -> None:
    """The Hebrew word turns around, and what is left and right of it stays."""
    english = ink(drawn("abc ", family))
    mixed = drawn("abc אב", family)
    assert english is not None
    left = (0, 0, english[2], 40)
    assert mixed.crop(left).tobytes() == drawn("abc ", family).crop(left).tobytes()


def test_a_telephone_number_in_hebrew_keeps_its_plus_on_the_left(family: Family) -> None:
    """The whole paragraph decides, not the line: `phone` makes the number left to right."""
    text = "שעה 19:30 בחדר 42 (קומה 3) - phone +972-3-1234567"
    number = columns(drawn("+972-3-1234567", family, 800))
    for line in (drawn(text, family, 800), drawn(f"{text} x", family, 800)):
        assert any(
            columns(line).crop((x, 0, x + number.width, 40)).tobytes() == number.tobytes()
            for x in range(columns(line).width - number.width + 1)
        )
    *_, last = family.lines(text, SIZE, 240, break_words=True)
    assert (last.text, last.rtl) == ("+972-3-1234567", True)
    image = blank((800, 40))
    draw_line(image, (4, 30), last)
    assert columns(image).tobytes() == number.tobytes()


def test_arabic_letters_are_joined(family: Family) -> None:
    word = ink(drawn("بيت", family))
    letters = [ink(drawn(letter, family)) for letter in "بيت"]
    assert word is not None
    assert word[2] - word[0] < sum(box[2] - box[0] for box in letters if box is not None)


@pytest.mark.parametrize(
    ("joined", "apart"),
    [("क्ष", "क\u200cष"), ("শ্র", "শ\u200cর"), ("கொ", "கா"), ("ကြို", "က")],
    ids=["Devanagari", "Bengali", "Tamil", "Burmese"],
)
def test_letters_of_one_syllable_take_another_shape(
    joined: str, apart: str, all_fonts: Family
) -> None:
    assert columns(drawn(joined, all_fonts)).tobytes() != columns(drawn(apart, all_fonts)).tobytes()
    assert "\u25cc" not in joined


@pytest.mark.parametrize("character", "直骨角今")
def test_japanese_text_gets_japanese_shapes(character: str, all_fonts: Family) -> None:
    """Kana anywhere in a text makes it Japanese."""

    def shape(text: str) -> bytes:
        lines = all_fonts.lines(text, SIZE, None, break_words=False)
        image = blank((40, 40))
        draw_line(image, (4, 30), lines[0])
        return image.tobytes()

    assert shape(f"{character}\nあ") == shape(f"{character}\nカ")
    assert shape(f"{character}\nあ") != shape(f"{character}\n漢")


def test_keycaps_stand_apart(all_fonts: Family) -> None:
    image = columns(drawn(clean("1\ufe0f\u20e32\ufe0f\u20e33\u20e3"), all_fonts))
    white = [x for x in range(image.width) if not ink(image.crop((x, 0, x + 1, 40)))]
    assert len({x // (image.width // 3) for x in white}) >= 2


def test_an_unknown_character_leaves_a_box(family: Family) -> None:
    assert ink(drawn("\U0010fffd", family)) is not None


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
def test_lines_stand_on_their_side(text: str, align: Align, side: str, family: Family) -> None:
    image = blank((264, 176))
    draw_layout(image, fit(text, (264, 176), family, (20,)), (0, 0, 264, 176), align)
    box = ink(image)
    assert box is not None
    margins = (box[0], 264 - box[2])
    assert {"left": margins[0] < 5, "right": margins[1] < 5, "middle": max(margins) < 150}[side]


def test_a_layout_stays_in_its_box_and_in_its_middle(family: Family) -> None:
    image = blank((264, 176))
    box = (60, 40, 200, 140)
    draw_layout(image, fit("Wg " * 10, (140, 100), family), box)
    left, top, right, bottom = ink(image) or (0, 0, 0, 0)
    assert left >= 59
    assert right <= 201
    assert 40 <= top < bottom <= 140


def test_threads_do_not_disturb_each_other(family: Family) -> None:
    texts = [f"{word} {number}" for word in ("Hello", "שלום", "漢字") for number in range(40)]
    expected = [drawn(text, family).tobytes() for text in texts]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: drawn(text, family).tobytes(), texts * 3))
    assert found == expected * 3


def test_a_line_is_drawn_alike_after_many_other_fonts(family: Family) -> None:
    line = family.line("Hello שלום 漢字", SIZE)
    images = [blank((240, 40)), blank((240, 40))]
    draw_line(images[0], (4, 30), line)
    for size in range(10, 60):
        family.line("Hello", size)
    draw_line(images[1], (4, 30), line)
    assert images[0].tobytes() == images[1].tobytes()
