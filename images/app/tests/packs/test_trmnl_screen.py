"""A TRMNL server as a screen: when it is asked and drawn, and what is shown when it fails."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from images.app.tests.fetching.servers import SECRET, Names
from images.app.tests.fetching.trmnl_server import HOST, TrmnlServer, asking, picture
from inkstand.clock import ManualClock
from inkstand.errors import ConfigError
from inkstand.events import Hub
from inkstand.fetching.fetcher import Fetcher
from inkstand.fetching.kept import KeptAnswers
from inkstand.fetching.schedule import JITTER
from inkstand.packs import worker
from inkstand.packs.chosen import read_chosen
from inkstand.packs.screens import PackScreens
from inkstand.playlist.quiet import QuietHours
from inkstand.rendering import from_png
from inkstand.screens import ClockScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from inkstand.packs.screens import PackState
    from inkstand.packs.worker import Drawn, Order

pytestmark = pytest.mark.integration

NOON = datetime(2026, 11, 29, 12, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SIZE = (264, 176)
KEY = f"{SECRET}-of-the-owner"


class CountingClock(ManualClock):
    """Stands still until it is told otherwise, and knows how often somebody began to sleep."""

    def __init__(self) -> None:
        super().__init__(NOON)
        self.naps = 0
        self._one_more = asyncio.Event()

    async def sleep_until(self, moment: datetime) -> None:
        """Return when the clock was moved, or at once when `moment` is not after now."""
        if moment > self.now():
            self.naps += 1
            self._one_more.set()
        await super().sleep_until(moment)

    async def wait_for_nap_after(self, naps: int) -> None:
        """Return when somebody has begun to sleep more often than that."""
        async with asyncio.timeout(60):
            while self.naps <= naps:
                self._one_more.clear()
                await self._one_more.wait()


@dataclass
class Stage:
    """One screen called `wall` that a server has pictures for, drawn as in the app."""

    server: TrmnlServer
    folder: Path
    clock: CountingClock = field(default_factory=CountingClock)
    orders: list[Order] = field(default_factory=list)
    changes: int = 0
    packs: PackScreens | None = None

    @contextlib.asynccontextmanager
    async def showing(self, key: str = "") -> AsyncIterator[None]:
        """Show it, once it has been drawn."""
        settings = {"server": self.server.url, "key": key}
        table: dict[str, object] = {"pack": "trmnl", "settings": settings, "private": True}
        self.packs = PackScreens(
            read_chosen({"wall": table}, self.folder),
            instead=ClockScreen(),
            clock=self.clock,
            hub=Hub(),
            fetcher=Fetcher(self.clock, resolve=Names()),
            trmnl=asking(self.clock, self.folder),
            kept=KeptAnswers(self.folder / "kept"),
            quiet=QuietHours(),
            size=lambda: SIZE,
            changed=self._changed,
            draw=self._draw,
        )
        naps = self.clock.naps
        task = asyncio.create_task(self.packs.run())
        await self.clock.wait_for_nap_after(naps)
        yield
        task.cancel()
        await asyncio.wait([task])

    async def pass_by(self, step: timedelta) -> None:
        """Let time pass, and what is due be done."""
        naps = self.clock.naps
        self.clock.advance(step)
        await self.clock.wait_for_nap_after(naps)

    @property
    def state(self) -> PackState:
        assert self.packs is not None
        return self.packs.states["wall"]

    def black(self) -> float:
        """Return how much of the screen is black, in the middle of its height."""
        assert self.packs is not None
        png = self.packs.screens["wall"].png
        assert png is not None
        row = from_png(png).crop((0, SIZE[1] // 2, SIZE[0], SIZE[1] // 2 + 1))
        return row.histogram()[0] / SIZE[0]

    async def _draw(self, order: Order) -> Drawn:
        self.orders.append(order)
        return await worker.draw(order)

    def _changed(self) -> None:
        self.changes += 1


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    server = TrmnlServer()
    await server.start()
    yield Stage(server, tmp_path)
    await server.stop()


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
async def test_its_picture_fills_the_panel_and_changes_with_its_name(
    stage: Stage, kind: str
) -> None:
    stage.server.picture = picture(kind, black=0.5)
    async with stage.showing():
        assert stage.state.problem == ""
        assert stage.black() == pytest.approx(0.5, abs=0.02)
        stage.server.picture = picture(kind, black=0.25)
        stage.server.display["filename"] = "screen-2"
        await stage.pass_by(17 * MINUTE)
        assert stage.black() == pytest.approx(0.25, abs=0.02)
        assert stage.changes == 2


async def test_while_its_name_is_the_same_it_is_neither_fetched_nor_drawn(stage: Stage) -> None:
    async with stage.showing():
        stage.server.paths()
        for _ in range(3):
            await stage.pass_by(17 * MINUTE)
        assert stage.server.paths() == ["display"] * 3
        assert len(stage.orders) == 1
        assert stage.state.fetched_at == NOON + 51 * MINUTE


@pytest.mark.parametrize(("rate", "minutes"), [(5, 1), (120, 2), (1800, 30), ("soon", 15)])
async def test_it_is_asked_as_often_as_its_server_wants(
    stage: Stage, rate: object, minutes: int
) -> None:
    stage.server.display["refresh_rate"] = rate
    wait = minutes * MINUTE
    async with stage.showing():
        stage.server.paths()
        await stage.pass_by(max(MINUTE, wait * (1 - JITTER)) - timedelta(seconds=1))
        assert stage.server.paths() == []
        await stage.pass_by(wait * 2 * JITTER + timedelta(seconds=2))
        assert stage.server.paths() == ["display"]


async def test_a_server_that_fails_leaves_its_picture_which_says_how_old_it_is(
    stage: Stage,
) -> None:
    async with stage.showing():
        before = stage.black()
        await stage.server.stop()
        await stage.pass_by(17 * MINUTE)
        assert (stage.black(), len(stage.orders)) == (before, 1)
        assert f"{HOST} cannot be reached" in stage.state.problem
        assert stage.state.fetched_at == NOON
        await stage.pass_by(60 * MINUTE)
        assert len(stage.orders) == 2
        assert stage.changes == 2
        assert stage.black() > 0.3
        await stage.server.start()
        await stage.pass_by(60 * MINUTE)
        assert (stage.state.problem, stage.black()) == ("", before)


async def test_a_day_between_pictures_is_not_old_after_an_hour(stage: Stage) -> None:
    stage.server.display["refresh_rate"] = 86_400
    async with stage.showing():
        await stage.pass_by(120 * MINUTE)
        assert len(stage.orders) == 1


async def test_a_failure_of_who_is_asked_once_a_day_is_not_waited_out(stage: Stage) -> None:
    stage.server.display["refresh_rate"] = 86_400
    async with stage.showing():
        await stage.server.stop()
        await stage.pass_by(27 * 60 * MINUTE)
        assert stage.state.problem
        await stage.server.start()
        await stage.pass_by(17 * MINUTE)
        assert stage.state.problem == ""


async def test_what_is_no_picture_does_not_take_the_place_of_one(stage: Stage) -> None:
    async with stage.showing():
        before = stage.black()
        stage.server.picture = b"<html>"
        stage.server.display["filename"] = "screen-2"
        await stage.pass_by(17 * MINUTE)
        assert stage.black() == before
        assert f"the picture of {HOST} cannot be shown" in stage.state.problem
        stage.server.picture = picture(black=0.25)
        await stage.pass_by(17 * MINUTE)
        assert stage.black() == pytest.approx(0.25, abs=0.02)


async def test_after_a_restart_it_is_there_and_its_server_is_not_asked_too_soon(
    stage: Stage,
) -> None:
    stage.server.display["refresh_rate"] = 1800
    async with stage.showing():
        before = stage.black()
    stage.server.paths()
    stage.clock.advance(20 * MINUTE)
    async with stage.showing():
        assert (stage.black(), stage.server.paths()) == (before, [])
        await stage.pass_by(14 * MINUTE)
        assert stage.server.paths() == ["display"]


async def test_no_key_is_in_a_log_or_a_problem(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    told = []
    for key in ("", KEY):
        async with stage.showing(key):
            stage.server.keys.clear()
            await stage.pass_by(17 * MINUTE)
            told += [stage.state.problem, repr(stage.packs), *map(repr, stage.orders)]
    assert "does not know this device" in caplog.text
    assert SECRET not in caplog.text + "".join(told)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "screens: wall: server is not set"),
        ({"server": "trmnl.example.com"}, "screens: wall: server has to be an address"),
        ({"server": "https://a.example", "token": KEY}, "screens: wall: token is no setting"),
        ({"server": "https://a.example", "key": "a\nb"}, "screens: wall: key can not have ends"),
    ],
)
def test_what_is_wrong_is_told_at_the_start(
    tmp_path: Path, settings: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence) as caught:
        read_chosen({"wall": {"pack": "trmnl", "settings": settings}}, tmp_path)
    assert SECRET not in str(caught.value)
