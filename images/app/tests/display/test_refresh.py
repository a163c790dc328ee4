"""Which refresh is chosen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from inkstand.panel import Frame, Refresh
from inkstand.refresh import choose

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
WHITE = Frame.white(8, 1)
BLACK = Frame(8, 1, b"\xff")


@pytest.mark.parametrize(
    ("age", "chosen"),
    [
        (timedelta(), Refresh.PARTIAL),
        (timedelta(minutes=29, seconds=59), Refresh.PARTIAL),
        (timedelta(minutes=30), Refresh.FULL),
        (timedelta(minutes=-1), Refresh.FULL),
        (None, Refresh.FULL),
    ],
)
def test_a_row_of_pictures_needs_a_full_refresh_every_half_hour(
    age: timedelta | None, chosen: Refresh
) -> None:
    last_full = None if age is None else NOW - age
    assert choose(WHITE, BLACK, gradual=True, last_full=last_full, now=NOW) is chosen


def test_the_end_of_daylight_saving_is_no_hour() -> None:
    zone = ZoneInfo("Europe/Stockholm")
    before = datetime(2026, 10, 25, 0, 59, tzinfo=UTC).astimezone(zone)
    after = datetime(2026, 10, 25, 1, 0, tzinfo=UTC).astimezone(zone)
    chosen = choose(WHITE, BLACK, gradual=True, last_full=before, now=after)
    assert chosen is Refresh.PARTIAL


def test_a_new_picture_needs_a_full_refresh() -> None:
    assert choose(WHITE, BLACK, gradual=False, last_full=NOW, now=NOW) is Refresh.FULL


def test_an_equal_picture_needs_none() -> None:
    assert choose(BLACK, BLACK, gradual=False, last_full=None, now=NOW) is None
