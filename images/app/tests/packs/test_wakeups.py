"""In a day, packs wake the app when a source is due, and else with the clock's minute alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from images.app.tests.fetching.trmnl_server import asking
from inkstand.errors import FetchError
from inkstand.events import Hub
from inkstand.fetching.fetcher import Fetched, Fetcher
from inkstand.fetching.kept import KeptAnswers
from inkstand.fetching.schedule import JITTER
from inkstand.packs.chosen import read_chosen
from inkstand.packs.screens import PackScreens
from inkstand.packs.worker import Drawn
from inkstand.playlist.quiet import QuietHours
from inkstand.playlist.quiet import from_values as quiet_hours
from inkstand.rendering import blank, to_png
from inkstand.screens import ClockScreen

if TYPE_CHECKING:
    from pathlib import Path

    from inkstand.fetching.fetcher import FetchRequest
    from inkstand.packs.worker import Order

pytestmark = pytest.mark.integration

SIZE = (200, 96)
START, DAY = datetime(2026, 11, 29, 0, 0, 30, tzinfo=UTC), timedelta(days=1)
PLACE = {"latitude": 59, "longitude": 18}
SCREENS: dict[str, dict[str, object]] = {
    "calendar": {"pack": "calendar", "settings": {"address": "https://x.example/a.ics"}},
    "feed": {"pack": "feed", "settings": {"address": "https://x.example/feed"}},
    "sun-moon": {"pack": "sun-moon", "settings": PLACE},
    "weather": {"pack": "weather", "settings": PLACE},
}
NEVER = QuietHours()
NIGHT = quiet_hours([{"from": "22:00", "to": "06:00"}])


class AlarmClock:
    """A clock that goes on to the next moment for which somebody sleeps, and wakes nobody else."""

    def __init__(self) -> None:
        self.moment = START
        self.woken: list[datetime] = []
        self._alarms: list[tuple[datetime, asyncio.Event]] = []
        self._more = asyncio.Event()

    def now(self) -> datetime:
        """Return the time that it is."""
        return self.moment

    async def sleep_until(self, moment: datetime) -> None:
        """Return at `moment`."""
        if moment > self.moment:
            alarm = (moment, asyncio.Event())
            self._alarms.append(alarm)
            self._more.set()
            await alarm[1].wait()

    async def go_on(self, sleepers: int) -> None:
        """Go on when so many sleep."""
        while len(self._alarms) < sleepers:
            self._more.clear()
            await self._more.wait()
        self.moment = min(moment for moment, _ in self._alarms)
        self.woken.append(self.moment)
        for alarm in [each for each in self._alarms if each[0] <= self.moment]:
            self._alarms.remove(alarm)
            alarm[1].set()


class Answering(Fetcher):
    """Answers at once that nothing is new, or that nobody is there."""

    def __init__(self, clock: AlarmClock, *, works: bool) -> None:
        super().__init__(clock)
        self.works = works
        self.asked: list[datetime] = []

    async def fetch(self, request: FetchRequest, known: Fetched | None = None) -> Fetched:
        """Write down when it was."""
        del request, known
        self.asked.append(self._clock.now())
        if not self.works:
            raise FetchError("nobody is there")
        return Fetched(b"{}", None, None, self._clock.now())


async def draw(_: Order) -> Drawn:
    return Drawn(to_png(blank(SIZE)))


async def a_day(
    folder: Path, quiet: QuietHours, *, works: bool = True
) -> tuple[list[datetime], list[datetime]]:
    """Let a day pass, and return when the app woke up for packs, and when somebody was asked."""
    clock = AlarmClock()
    fetcher = Answering(clock, works=works)
    packs = PackScreens(
        read_chosen(SCREENS, folder),
        instead=ClockScreen(),
        clock=clock,
        hub=Hub(),
        fetcher=fetcher,
        trmnl=asking(clock, folder),
        kept=KeptAnswers(folder / "kept"),
        quiet=quiet,
        size=lambda: SIZE,
        changed=lambda: None,
        draw=draw,
    )
    task = asyncio.create_task(packs.run())
    async with asyncio.timeout(60):
        while clock.moment < START + DAY:
            await clock.go_on(len(SCREENS))
    task.cancel()
    await asyncio.wait([task])
    return clock.woken, fetcher.asked


@pytest.mark.parametrize("works", [True, False])
async def test_it_wakes_up_for_what_is_due_or_with_the_minute(tmp_path: Path, works: bool) -> None:
    woken, asked = await a_day(tmp_path, NEVER, works=works)
    requests = [it for each in read_chosen(SCREENS, tmp_path) for it in each.requests]
    most = sum(1 + DAY / (it.every * (1 - JITTER)) for it in requests)
    beyond = [at for at in woken if (at.second, at.microsecond) != (0, 0)]
    assert len(requests) == 3
    assert 0 < len(beyond) <= len(asked) <= most
    # Texts such as "in 3 hours" are right for an hour, which ends with a minute of the clock.
    assert {at.minute for at in woken if at not in beyond} == {0}


async def test_in_quiet_hours_it_does_not(tmp_path: Path) -> None:
    woken, asked = await a_day(tmp_path, NIGHT)
    assert all(6 <= at.hour < 22 for at in asked)
    night = {at for at in woken[:-1] if not 6 <= at.hour < 22}
    assert night <= {START.replace(hour=22, second=0)}
    assert len({at.hour for at in asked}) == 16
