"""Which refresh is chosen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from inkstand.display.display import choose, is_recent
from inkstand.frame import Frame
from inkstand.panel import Refresh

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
WHITE = Frame.white(8, 1)
BLACK = Frame(8, 1, b"\xff")


@pytest.mark.parametrize(
    ("age", "recent"),
    [
        (timedelta(), True),
        (timedelta(minutes=29, seconds=59), True),
        (timedelta(minutes=30), False),
        (timedelta(minutes=-1), False),
        (None, False),
    ],
)
def test_the_last_full_refresh_counts_for_the_time_that_the_owner_set(
    age: timedelta | None, recent: bool
) -> None:
    last_full = None if age is None else NOW - age
    assert is_recent(last_full, NOW, HALF_AN_HOUR) is recent


def test_the_end_of_daylight_saving_is_no_hour() -> None:
    zone = ZoneInfo("Europe/Stockholm")
    before = datetime(2026, 10, 25, 0, 59, tzinfo=UTC).astimezone(zone)
    after = datetime(2026, 10, 25, 1, 0, tzinfo=UTC).astimezone(zone)
    assert is_recent(before, after, HALF_AN_HOUR)


def test_a_new_picture_needs_a_full_refresh_and_the_next_of_a_row_does_not() -> None:
    assert choose(WHITE, BLACK, gradual=False) is Refresh.FULL
    assert choose(WHITE, BLACK, gradual=True) is Refresh.PARTIAL


def test_an_equal_picture_needs_none() -> None:
    assert choose(BLACK, BLACK, gradual=False) is None
