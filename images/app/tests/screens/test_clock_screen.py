"""The clock, at all sizes, on all days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from inkstand.screens import ClockScreen

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

SIZES = ((264, 176), (232, 128), (200, 96), (144, 128), (128, 96))
BROADEST_DAY = datetime(2026, 9, 30, 20, 48, tzinfo=UTC)
ZONES = st.sampled_from(["UTC", "Europe/Stockholm", "Asia/Kathmandu", "Australia/Lord_Howe"])


def ink(image: Image.Image) -> tuple[int, int, int, int]:
    """Return the box around all black pixels."""
    box = ImageChops.invert(image.convert("L")).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("size", SIZES)
def test_the_clock_looks_as_when_it_was_looked_at(
    size: tuple[int, int], golden: Callable[[str, Image.Image], None]
) -> None:
    golden(f"clock_{size[0]}x{size[1]}", ClockScreen().render(size, BROADEST_DAY))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("synchronised", [True, False])
def test_there_is_white_all_around(size: tuple[int, int], synchronised: bool) -> None:
    image = ClockScreen(synchronised).render(size, BROADEST_DAY)
    left, top, right, bottom = ink(image)
    assert image.size == size
    assert min(left, top, size[0] - right, size[1] - bottom) >= 1


@pytest.mark.usefixtures("other_fonts")
@pytest.mark.parametrize("size", SIZES)
def test_it_needs_none_of_our_fonts(size: tuple[int, int]) -> None:
    left, top, right, bottom = ink(ClockScreen().render(size, BROADEST_DAY))
    assert right - left > size[0] * 0.6
    assert bottom - top > size[1] * 0.6


@settings(deadline=None)
@given(st.integers(0, 1439), st.sampled_from(SIZES))
def test_only_the_time_moves_from_minute_to_minute(minute: int, size: tuple[int, int]) -> None:
    """A partial update then touches nothing else."""
    pictures = [
        ClockScreen().render(size, BROADEST_DAY.replace(hour=moment // 60, minute=moment % 60))
        for moment in (minute, (minute + 1) % 1440)
    ]
    changed = ImageChops.logical_xor(*pictures).getbbox()
    assert changed is not None
    assert changed[3] < size[1] * 0.6


def test_an_unknown_time_is_not_shown() -> None:
    shown = ClockScreen(synchronised=False)
    later = BROADEST_DAY + timedelta(days=3, hours=7)
    pictures = [shown.render((264, 176), now).tobytes() for now in (BROADEST_DAY, later)]
    assert pictures[0] == pictures[1]
    assert pictures[0] != ClockScreen().render((264, 176), BROADEST_DAY).tobytes()


def test_it_shows_the_time_of_the_zone_it_is_given() -> None:
    stockholm = BROADEST_DAY.astimezone(ZoneInfo("Europe/Stockholm"))
    as_local = BROADEST_DAY.replace(hour=22)
    pictures = [ClockScreen().render((264, 176), now) for now in (stockholm, as_local)]
    assert pictures[0].tobytes() == pictures[1].tobytes()


@given(st.floats(631_152_000, 3_786_912_000), ZONES)
def test_it_changes_at_the_next_full_minute(timestamp: float, zone: str) -> None:
    now = datetime.fromtimestamp(timestamp, ZoneInfo(zone))
    following = ClockScreen().next_change(now)
    assert following is not None
    assert following.tzinfo is now.tzinfo
    wait = following.timestamp() - now.timestamp()
    assert 0 < wait <= 60
    assert (following.second, following.microsecond) == (0, 0)


def test_no_minute_is_left_out_when_the_clocks_change() -> None:
    """At the end of October the hour from 2 to 3 comes twice."""
    zone = ZoneInfo("Europe/Stockholm")
    moment: datetime | None = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).astimezone(zone)
    shown = []
    for _ in range(120):
        assert moment is not None
        shown.append(f"{moment:%H:%M}")
        moment = ClockScreen().next_change(moment)
    assert shown.count("02:59") == 2
    assert shown[-1] == "03:29"
