"""The four views of a frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epdfuse.panel.bits import View, driven

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("view", "seen"),
    [
        (View.BE, b"\x01\xb0"),
        (View.BE_INVERSE, b"\xfe\x4f"),
        (View.LE, b"\x80\x0d"),
        (View.LE_INVERSE, b"\x7f\xf2"),
    ],
)
def test_each_view_shows_the_same_pixels_in_its_own_coding(view: View, seen: bytes) -> None:
    assert view.translate(b"\x01\xb0") == seen


@given(view=st.sampled_from(View), data=st.binary())
def test_what_is_written_through_a_view_reads_back_the_same(view: View, data: bytes) -> None:
    assert view.translate(view.translate(data)) == data


@given(st.data())
def test_a_partial_update_drives_exactly_the_pixels_that_differ(data: st.DataObject) -> None:
    frames = st.binary(min_size=4, max_size=4)
    glass, old, new = data.draw(frames), data.draw(frames), data.draw(frames)
    for here, before, after, result in zip(glass, old, new, driven(glass, old, new), strict=True):
        changed = before ^ after
        assert result & changed == after & changed
        assert result & ~changed == here & ~changed
