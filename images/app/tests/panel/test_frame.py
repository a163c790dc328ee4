"""Frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.errors import FrameError
from inkstand.frame import Frame

pytestmark = pytest.mark.unit


@given(st.binary(min_size=8, max_size=8))
def test_inverse_and_back_is_the_same_frame(data: bytes) -> None:
    frame = Frame(16, 4, data)
    assert Frame.from_inverse(16, 4, frame.inverse()) == frame
    assert all(one ^ other == 0xFF for one, other in zip(data, frame.inverse(), strict=True))


@pytest.mark.parametrize("length", [0, 7, 9])
def test_a_frame_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(FrameError, match=f"has 8 bytes, not {length}"):
        Frame(16, 4, bytes(length))


@pytest.mark.parametrize("size", [(0, 8), (8, 0), (-8, 8), (12, 8)])
def test_a_size_no_panel_has_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(FrameError):
        Frame.white(*size)
