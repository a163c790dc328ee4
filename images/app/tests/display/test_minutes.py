"""Every minute of every day is drawn once, whatever the clock on the wall does."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from inkstand.clock import ManualClock
from inkstand.display.display import Display
from inkstand.events import FrameShown, Hub, Listener
from inkstand.panel.memory import MemoryPanel
from inkstand.rendering import to_frame
from inkstand.screens import ClockScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.unit
STOCKHOLM = ZoneInfo("Europe/Stockholm")
SIZE = (264, 176)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def minutes_of(day: datetime) -> list[str]:
    """Return what the clock shows from midnight to midnight, as it says when to look again."""
    shown, now = [], day
    while now.date() == day.date():
        shown.append(f"{now:%H:%M}")
        now = ClockScreen().next_change(now)
    return shown


@pytest.mark.parametrize(
    ("day", "hours", "zone"),
    [
        (datetime(2026, 3, 29), 23, "Europe/Stockholm"),  # noqa: DTZ001 - it gets its zone below
        (datetime(2026, 10, 25), 25, "Europe/Stockholm"),  # noqa: DTZ001
        (datetime(2026, 11, 21), 24, "Europe/Stockholm"),  # noqa: DTZ001
        (datetime(2026, 4, 5), 24.5, "Australia/Lord_Howe"),  # noqa: DTZ001
    ],
)
def test_each_minute_of_a_short_and_of_a_long_day_comes_in_turn(
    day: datetime, hours: float, zone: str
) -> None:
    shown = minutes_of(day.replace(tzinfo=ZoneInfo(zone)))
    assert len(shown) == hours * 60
    assert (shown[0], shown[-1]) == ("00:00", "23:59")


class Wall:
    """A display that shows the clock, and the times at which its glass was refreshed."""

    def __init__(self, now: datetime, hub: Hub, listener: Listener, eventually: Any) -> None:
        self.clock = ManualClock(now)
        self.panel = MemoryPanel(*SIZE)
        self.display = Display(self.panel, self.clock, hub, ClockScreen())
        self._listener = listener
        self._eventually = eventually

    async def shows(self) -> str:
        """Return the time that comes onto the glass next, which is the one that it is."""
        async with asyncio.timeout(60):
            event = await anext(self._listener)
        assert isinstance(event, FrameShown)
        assert event.frame == to_frame(ClockScreen().render(SIZE, self.clock.now()), SIZE)
        await self.clock.wait_for_sleeper()
        return f"{self.clock.now():%H:%M}"

    async def look(self) -> None:
        """Return when the display has looked at the clock, with nothing to draw."""
        before = self.display.refreshes["skipped"]
        await self._eventually(lambda: self.display.refreshes["skipped"] > before)
        await self.clock.wait_for_sleeper()


@pytest.fixture
async def wall(eventually: Any) -> AsyncIterator[Wall]:
    """A clock in Stockholm, 20 s after half past nine."""
    now = datetime(2026, 11, 21, 9, 30, 20, tzinfo=STOCKHOLM)
    hub = Hub()
    with hub.listen(kinds=(FrameShown,)) as listener:
        wall = Wall(now, hub, listener, eventually)
        task = asyncio.create_task(wall.display.run())
        assert await wall.shows() == "09:30"
        yield wall
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("jump", "shown"),
    [
        (HOUR, "10:30"),
        (-HOUR, "08:30"),
        (-21 * SECOND, "09:29"),
        (timedelta(days=1), "09:30"),
        (timedelta(days=-4000), "09:30"),
    ],
)
async def test_a_clock_that_jumps_is_drawn_once_and_goes_on_from_there(
    wall: Wall, jump: timedelta, shown: str
) -> None:
    wall.clock.advance(jump)
    assert await wall.shows() == shown
    wall.clock.advance(MINUTE)
    await wall.shows()
    assert len(wall.panel.commands) == 3


@pytest.mark.parametrize("jump", [39 * SECOND, -20 * SECOND, SECOND])
async def test_a_jump_within_the_minute_draws_nothing(wall: Wall, jump: timedelta) -> None:
    wall.clock.advance(jump)
    await wall.look()
    assert len(wall.panel.commands) == 1


async def test_a_wake_up_that_comes_too_early_draws_nothing_and_the_minute_comes(
    wall: Wall,
) -> None:
    for _ in range(4):
        wall.clock.advance(9 * SECOND)
        await wall.look()
    wall.clock.advance(4 * SECOND)
    assert await wall.shows() == "09:31"
    assert len(wall.panel.commands) == 2


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        (datetime(2026, 3, 29, 0, 57, 30, tzinfo=UTC), ["01:58", "01:59", "03:00", "03:01"]),
        (datetime(2026, 10, 25, 0, 57, 30, tzinfo=UTC), ["02:58", "02:59", "02:00", "02:01"]),
        (datetime(2026, 10, 25, 1, 57, 30, tzinfo=UTC), ["02:58", "02:59", "03:00", "03:01"]),
    ],
)
async def test_the_change_of_daylight_time_is_one_minute_like_all_others(
    wall: Wall, start: datetime, shown: list[str]
) -> None:
    wall.clock.set(start.astimezone(STOCKHOLM))
    await wall.shows()
    before = len(wall.panel.commands)
    times = []
    for _ in shown:
        wall.clock.advance(MINUTE)
        times.append(await wall.shows())
    assert times == shown
    assert len(wall.panel.commands) == before + len(shown)
