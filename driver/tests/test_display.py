"""The frame being assembled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epdfuse.fuse.display import Display, FrameTooLongError, IncompleteFrameError
from epdfuse.panel.bits import View

pytestmark = pytest.mark.unit

SIZE = 6


@pytest.fixture
def display() -> Display:
    return Display(bytes(SIZE))


def test_it_begins_as_a_whole_frame(display: Display) -> None:
    assert display.frame() == bytes(SIZE)


@given(
    view=st.sampled_from(View),
    writes=st.lists(st.tuples(st.integers(0, SIZE), st.binary(max_size=SIZE)), max_size=8),
)
def test_writes_at_offsets_act_as_on_a_file(view: View, writes: list[tuple[int, bytes]]) -> None:
    display, file = Display(bytes(SIZE)), bytearray(view.translate(bytes(SIZE)))
    for offset, data in writes:
        if offset + len(data) <= SIZE:
            display.write(view, offset, data)
            file[offset : offset + len(data)] = data
    assert display.read(view) == file
    assert display.frame() == view.translate(file)


def test_a_short_frame_is_no_frame(display: Display) -> None:
    display.truncate(View.BE, 0)
    display.write(View.BE, 0, b"short")
    with pytest.raises(IncompleteFrameError, match="6 bytes; found 5"):
        display.frame()


def test_a_short_frame_can_be_completed_in_another_view(display: Display) -> None:
    display.truncate(View.BE, 0)
    display.write(View.BE, 0, b"\x01\x02\x03")
    display.append(View.LE, b"\x01\x02\x03")
    assert display.frame() == b"\x01\x02\x03\x80\x40\xc0"


@pytest.mark.parametrize("view", View)
def test_a_gap_reads_as_zero_bytes_in_the_view_that_left_it(display: Display, view: View) -> None:
    display.truncate(view, 0)
    display.write(view, 4, b"ab")
    assert display.read(view) == b"\0\0\0\0ab"


def test_growing_by_truncation_fills_with_zero_bytes(display: Display) -> None:
    display.truncate(View.BE_INVERSE, 2)
    display.truncate(View.BE_INVERSE, SIZE)
    assert display.read(View.BE_INVERSE) == b"\xff\xff\0\0\0\0"


@pytest.mark.parametrize(("offset", "length"), [(0, 7), (5, 2), (6, 1), (1 << 40, 1)])
def test_a_write_beyond_the_end_changes_nothing(display: Display, offset: int, length: int) -> None:
    with pytest.raises(FrameTooLongError):
        display.write(View.BE, offset, b"x" * length)
    assert display.read(View.BE) == bytes(SIZE)


def test_after_a_write_that_was_too_long_there_is_no_frame_until_a_new_one_begins(
    display: Display,
) -> None:
    with pytest.raises(FrameTooLongError):
        display.write(View.BE, 0, bytes(7))
    display.write(View.BE, 2, b"xx")
    with pytest.raises(IncompleteFrameError, match="too long"):
        display.frame()
    display.write(View.BE, 0, b"abcdef")
    assert display.frame() == b"abcdef"


def test_truncation_begins_a_new_frame(display: Display) -> None:
    with pytest.raises(FrameTooLongError):
        display.write(View.BE, 0, bytes(7))
    display.truncate(View.BE, SIZE)
    assert display.frame() == bytes(SIZE)


def test_it_cannot_grow_beyond_a_frame(display: Display) -> None:
    with pytest.raises(FrameTooLongError):
        display.truncate(View.BE, SIZE + 1)
    assert display.frame() == bytes(SIZE)
