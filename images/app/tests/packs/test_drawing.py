"""Filled layouts are drawn, whatever is in them and however small the panel is."""

from __future__ import annotations

import io
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from inkstand.errors import InvalidPictureError
from inkstand.packs import boxes
from inkstand.packs.drawing import as_of, draw, draw_problem
from inkstand.rendering import Align

pytestmark = pytest.mark.unit

SIZE = (264, 176)
TEXTS = st.text(max_size=40)
LEAVES = st.one_of(
    st.builds(boxes.Text, TEXTS, st.sampled_from([None, *Align]), st.booleans()),
    st.builds(boxes.Number, TEXTS, TEXTS, TEXTS, st.lists(st.floats(-1e9, 1e9), max_size=30)),
    st.builds(boxes.Rows, st.lists(st.tuples(TEXTS, TEXTS), max_size=8).map(tuple), TEXTS),
    st.builds(boxes.Bars, st.lists(st.none() | st.floats(-1e300, 1e300), max_size=500)),
    st.builds(boxes.Code, TEXTS),
    st.just(boxes.Rule()),
    st.just(boxes.Space()),
    st.integers(1, 4).flatmap(
        lambda columns: st.builds(
            boxes.Grid,
            st.lists(st.tuples(*[TEXTS] * columns), max_size=6).map(tuple),
            st.just((None,) * columns),
            st.just(()) | st.tuples(*[TEXTS] * columns),
            TEXTS,
        )
    ),
)
PARTS = st.tuples(st.floats(0.05, 100), LEAVES)
BOXES = LEAVES | st.lists(PARTS, max_size=5).map(tuple).flatmap(
    lambda parts: st.sampled_from([boxes.Stack(parts), boxes.Row(parts)])
)


def ink(image: Image.Image) -> tuple[int, int, int, int]:
    """Return the box around all black pixels."""
    box = ImageChops.invert(image.convert("L")).getbbox()
    assert box is not None
    return box


def black(image: Image.Image) -> int:
    return image.convert("L").histogram()[0]


@settings(deadline=None)
@given(BOXES, st.sampled_from([(264, 176), (200, 96), (128, 96), (96, 200), (32, 16), (8, 8)]))
def test_anything_is_drawn_at_any_size(box: boxes.Box, size: tuple[int, int]) -> None:
    image = draw(box, size, "as of 14:05")
    assert (image.mode, image.size) == ("1", size)


@settings(deadline=None)
@given(BOXES)
def test_there_is_white_all_around(box: boxes.Box) -> None:
    image = draw(box, SIZE)
    assert image.crop((3, 3, SIZE[0] - 3, SIZE[1] - 3)).histogram()[0] == image.histogram()[0]


def test_a_number_is_as_large_as_there_is_room() -> None:
    left, top, right, bottom = ink(draw(boxes.Number("21°"), SIZE))
    assert right - left > 0.85 * SIZE[0]
    assert top < bottom
    left, top, right, bottom = ink(draw(boxes.Number("1"), SIZE))
    assert bottom - top > 0.9 * (SIZE[1] - 6)


def test_a_bar_is_as_high_as_its_value() -> None:
    image = draw(boxes.Bars((10.0, 5.0, None, -10.0)), (206, 106))
    tops = [ink(image.crop((left, 0, left + 40, 52)))[1] for left in (5, 55)]
    assert tops == [3, pytest.approx(28, abs=1)]
    assert ink(image.crop((155, 0, 195, 106)))[3] == 103
    assert black(image.crop((105, 0, 145, 106))) == 40, "a gap has the line alone"


def test_many_values_are_the_latest() -> None:
    values = (*([1e6] * 999), *([1.0] * 258))
    assert (
        draw(boxes.Bars(values), SIZE).tobytes() == draw(boxes.Bars(values[-258:]), SIZE).tobytes()
    )


def test_a_row_goes_below_each_other_where_there_is_more_height() -> None:
    parts = ((1.0, boxes.Number("1")), (1.0, boxes.Number("8")))
    row, stack = boxes.Row(parts), boxes.Stack(parts)
    assert draw(row, (96, 200)).tobytes() == draw(stack, (96, 200)).tobytes()
    assert draw(row, SIZE).tobytes() != draw(stack, SIZE).tobytes()


def test_parts_share_by_their_weight_and_a_rule_takes_a_line() -> None:
    empty = boxes.Space()
    image = draw(boxes.Stack(((1.0, empty), (9.0, boxes.Rule()), (3.0, empty))), (107, 107))
    assert ink(image)[3] - ink(image)[1] == 1
    assert ink(image)[1] == pytest.approx(3 + 23 + 4, abs=1)


def test_a_list_shows_what_has_room_and_says_when_it_is_empty() -> None:
    rows = tuple((f"entry {n}", "") for n in range(40))
    assert draw(boxes.Rows(rows), SIZE).tobytes() == draw(boxes.Rows(rows[:12]), SIZE).tobytes()
    empty = draw(boxes.Rows((), "Nothing today"), SIZE)
    assert empty.tobytes() == draw(boxes.Grid((), (), (), "Nothing today"), SIZE).tobytes()
    assert black(empty) > 100


def test_a_picture_is_brought_to_its_box() -> None:
    data = io.BytesIO()
    Image.new("L", (30, 30), "black").save(data, "PNG")
    assert ink(draw(boxes.Picture(data.getvalue()), (206, 106))) == (53, 3, 153, 103)
    with pytest.raises(InvalidPictureError):
        draw(boxes.Picture(b"nonsense"), SIZE)


def test_a_code_without_room_is_told_in_words() -> None:
    assert black(draw(boxes.Code("x" * 200), (128, 40))) > 50


def test_half_a_character_is_drawn_too() -> None:
    assert black(draw(boxes.Code("a\ud800"), SIZE)) > 50
    assert black(draw(boxes.Text("a\ud800"), SIZE)) > 5


def test_a_footer_is_below_to_the_right() -> None:
    plain, aged = draw(boxes.Space(), SIZE), draw(boxes.Space(), SIZE, "as of 14:05")
    assert black(plain) == 0
    left, top, _right, _bottom = ink(aged)
    assert left > SIZE[0] / 2
    assert top > 0.9 * SIZE[1]


def test_the_age_is_a_time_and_another_day_is_named() -> None:
    now = datetime(2026, 11, 28, 0, 30, tzinfo=ZoneInfo("Europe/Stockholm"))
    assert as_of(datetime(2026, 11, 27, 23, 10, tzinfo=ZoneInfo("UTC")), now) == "as of 00:10"
    assert (
        as_of(datetime(2026, 11, 27, 22, 10, tzinfo=ZoneInfo("UTC")), now) == "as of 27 Nov 23:10"
    )


@pytest.mark.parametrize("size", [(264, 176), (200, 96), (128, 96), (176, 264)])
def test_a_problem_is_a_title_and_a_sentence(size: tuple[int, int]) -> None:
    image = draw_problem("power", "meter has not answered yet: the server says 503", size)
    assert black(image) > 300
    assert image.tobytes() != draw_problem("power", "something else", size).tobytes()
