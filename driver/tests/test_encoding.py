"""Frames become line bytes: the tables against the meaning, pixel by pixel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epdfuse.controllers.cog2_film231 import PANELS
from epdfuse.controllers.encoding import (
    COMPENSATE,
    HOLD,
    INVERSE,
    NORMAL,
    TO_BLACK,
    TO_WHITE,
    WHITEN,
    Drive,
    encode_changes,
    encode_dummy,
    encode_image,
    encode_uniform,
    line_size,
    pixel_table,
)

pytestmark = pytest.mark.unit

FORM = PANELS["1.44"].form
SIZE = 128 * 96 // 8
DRIVES = [COMPENSATE, WHITEN, INVERSE, NORMAL]
frames = st.binary(min_size=SIZE, max_size=SIZE)


@pytest.mark.parametrize("drive", DRIVES)
def test_a_table_gives_each_pixel_its_code(drive: Drive) -> None:
    table = pixel_table(drive, (7, 5, 3, 1))
    for byte in (0x00, 0xFF, 0x80, 0x02, 0xA8, 0x55):
        codes = [table[byte] >> shift & 3 for shift in (6, 4, 2, 0)]
        pixels = [byte >> position & 1 for position in (7, 5, 3, 1)]
        assert codes == [drive.black if pixel else drive.white for pixel in pixels]


def test_the_four_stages_take_the_old_picture_away_and_bring_the_new_one() -> None:
    assert Drive(black=TO_WHITE, white=TO_BLACK) == COMPENSATE
    assert Drive(black=HOLD, white=TO_WHITE) == WHITEN
    assert Drive(black=HOLD, white=TO_BLACK) == INVERSE
    assert Drive(black=TO_BLACK, white=TO_WHITE) == NORMAL


@given(frames)
def test_a_frame_that_does_not_change_holds_every_pixel(frame: bytes) -> None:
    assert encode_changes(FORM, NORMAL, frame, frame) == encode_uniform(FORM, 0x55)


@given(frames)
def test_a_frame_that_changes_everywhere_is_the_whole_frame(frame: bytes) -> None:
    inverse = bytes(byte ^ 0xFF for byte in frame)
    assert encode_changes(FORM, NORMAL, frame, inverse) == encode_image(FORM, NORMAL, frame)


@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)
def test_every_line_has_the_same_length_and_drives_a_row_of_its_own(panel: object) -> None:
    form = panel.form  # type: ignore[attr-defined]
    data = encode_uniform(form, 0)
    size = line_size(form)
    lines = {data[start : start + size] for start in range(0, len(data), size)}
    assert len(data) == size * form.rows
    assert len(lines) == form.rows
    assert encode_dummy(form, 0) not in lines
