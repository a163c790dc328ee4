"""Packs on the glass: who is asked when, and what is shown when nobody answers."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from images.app.tests.fetching.servers import NAME, SECRET, Names, Server, http
from images.app.tests.fetching.trmnl_server import asking
from inkstand.clock import ManualClock
from inkstand.errors import ConfigError
from inkstand.events import Hub, ScreenDrawn
from inkstand.fetching.fetcher import Fetcher
from inkstand.fetching.kept import KeptAnswers
from inkstand.packs.chosen import read_chosen
from inkstand.packs.screens import PackScreens
from inkstand.packs.worker import Drawn
from inkstand.playlist.quiet import QuietHours
from inkstand.playlist.quiet import from_values as quiet_hours
from inkstand.rendering import to_png
from inkstand.screens import ClockScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from inkstand.packs.worker import Order

pytestmark = pytest.mark.integration

NOON = datetime(2026, 11, 29, 12, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SIZE = (264, 176)
CLOCK, NEVER = ClockScreen(), QuietHours()
METER = """
[pack]
name = "meter"
about = "What the house uses"
version = "1"
licence = "CC0-1.0"
[settings.key]
about = "A key"
type = "secret"
[sources.meter]
url = "http://weather.example:PORT/data?key={key}"
every = 5
[layout]
kind = "number"
text = "{{ meter.power }}"
label = "{{ now | time }}"
"""


@dataclass
class Stage:
    """One pack called `power` on a panel, with a server that it asks."""

    server: Server
    folder: Path
    clock: ManualClock
    hub: Hub = field(default_factory=Hub)
    size: tuple[int, int] | None = SIZE
    changes: int = 0
    orders: list[Order] = field(default_factory=list)
    drawn: asyncio.Event = field(default_factory=asyncio.Event)
    packs: Any = None

    def open(
        self,
        quiet: QuietHours = NEVER,
        *,
        more: str = "",
        example: bool = False,
        meter: str = METER,
    ) -> PackScreens:
        text = meter.replace("PORT", str(self.server.port)) + more
        (self.folder / "meter.toml").write_text(text)
        table = {"pack": "meter.toml", "settings": {"key": SECRET}, "private": True}
        table["example"] = example
        self.packs = PackScreens(
            read_chosen({"power": table}, self.folder),
            instead=CLOCK,
            clock=self.clock,
            hub=self.hub,
            fetcher=Fetcher(self.clock, resolve=Names()),
            trmnl=asking(self.clock, self.folder),
            kept=KeptAnswers(self.folder / "kept"),
            quiet=quiet,
            size=lambda: self.size,
            changed=self._changed,
            draw=self._draw,
        )
        assert isinstance(self.packs, PackScreens)
        return self.packs

    def _changed(self) -> None:
        self.changes += 1

    async def _draw(self, order: Order) -> Drawn:
        """Draw something that is another picture for each other order."""
        self.orders.append(order)
        self.drawn.set()
        data = order.answers["meter"].data if order.answers else b""
        picture = Image.new("1", order.size, 1)
        for place, byte in enumerate(data or b"none"):
            picture.putpixel((place, byte % 100), 0)
        return Drawn(to_png(picture))

    async def next_order(self) -> Order:
        """Return what is drawn next, when all that follows from it is done."""
        async with asyncio.timeout(60):
            await self.drawn.wait()
            self.drawn.clear()
            await self.clock.wait_for_sleeper()
        return self.orders[-1]

    def advance(self, step: timedelta) -> None:
        self.drawn.clear()
        self.clock.advance(step)

    def shows(self) -> bytes:
        picture: bytes = self.packs.screens["power"].render(SIZE, self.clock.now()).tobytes()
        return picture


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    server = Server(answers=[http(200, b'{"power": 1}', ETag='"one"')])
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield Stage(server, tmp_path, ManualClock(NOON))
    listening.close()
    await server.close()


@contextlib.asynccontextmanager
async def running(packs: PackScreens) -> AsyncIterator[None]:
    task = asyncio.create_task(packs.run())
    yield
    task.cancel()
    await asyncio.wait([task])


async def test_the_clock_is_there_until_it_was_drawn(stage: Stage) -> None:
    packs = stage.open()
    screen = packs.screens["power"]
    assert stage.shows() == CLOCK.render(SIZE, NOON).tobytes()
    assert screen.next_change(NOON) == CLOCK.next_change(NOON)
    async with running(packs):
        order = await stage.next_order()
    assert (order.answers["meter"].data, order.size, order.now) == (b'{"power": 1}', SIZE, NOON)
    assert stage.shows() != CLOCK.render(SIZE, NOON).tobytes()
    assert (screen.next_change(NOON), stage.changes) == (None, 1)


async def test_it_is_drawn_when_it_is_known_for_which_panel(stage: Stage) -> None:
    stage.size = None
    async with running(stage.open()):
        await stage.clock.wait_for_sleeper()
        assert stage.orders == []
        stage.size = (200, 96)
        stage.hub.publish(ScreenDrawn(NOON, CLOCK, 1))
        assert (await stage.next_order()).size == (200, 96)


async def test_it_is_asked_again_in_its_interval_and_redrawn_when_that_is_another(
    stage: Stage,
) -> None:
    stage.server.answers.append(http(304))
    stage.server.answers.append(http(200, b'{"power": 2}'))
    async with running(stage.open()):
        await stage.next_order()
        stage.advance(6 * MINUTE)
        same = await stage.next_order()
        assert stage.server.asked[1].headers["if-none-match"] == '"one"'
        assert same.answers["meter"].data == b'{"power": 1}'
        assert same.answers["meter"].fetched_at == NOON + 6 * MINUTE
        assert stage.changes == 1
        stage.advance(6 * MINUTE)
        assert (await stage.next_order()).answers["meter"].data == b'{"power": 2}'
    assert stage.changes == 2


@pytest.mark.parametrize("back", [timedelta(hours=2), timedelta(days=1), timedelta(days=3653)])
async def test_a_clock_that_was_set_back_lets_nobody_wait_longer(
    stage: Stage, back: timedelta
) -> None:
    stage.server.answers.append(http(200, b'{"power": 2}'))
    async with running(stage.open()):
        await stage.next_order()
        stage.advance(-back)
        await stage.next_order()
        assert len(stage.server.asked) == 1
        stage.advance(6 * MINUTE)
        assert (await stage.next_order()).answers["meter"].data == b'{"power": 2}'


async def test_one_that_does_not_tell_the_time_is_drawn_again_only_when_data_are_other(
    stage: Stage,
) -> None:
    stage.server.answers += [http(304), http(200, b'{"power": 1}'), http(200, b'{"power": 2}')]
    packs = stage.open(meter=METER.replace("{{ now | time }}", "at home"))
    async with running(packs), asyncio.timeout(60):
        await stage.next_order()
        for step in (1, 2):
            stage.advance(6 * MINUTE)
            while packs.states["power"].fetched_at != NOON + step * 6 * MINUTE:
                await stage.clock.wait_for_sleeper()
                await asyncio.sleep(0)
        assert len(stage.orders) == 1
        stage.advance(6 * MINUTE)
        assert (await stage.next_order()).answers["meter"].data == b'{"power": 2}'
    assert (len(stage.orders), stage.changes) == (2, 2)


async def test_who_fails_leaves_what_came_before_and_says_why(stage: Stage) -> None:
    stage.server.answers.append(http(503))
    packs = stage.open()
    async with running(packs):
        await stage.next_order()
        stage.advance(6 * MINUTE)
        answer = (await stage.next_order()).answers["meter"]
    assert (answer.data, answer.fetched_at) == (b'{"power": 1}', NOON)
    assert packs.states["power"].problem == f"{NAME} answered 503"
    assert packs.states["power"].fetched_at == NOON


async def test_nothing_secret_is_told(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.server.answers = [http(302, Location=f"http://{SECRET}.example/")]
    packs = stage.open()
    async with running(packs):
        order = await stage.next_order()
    told = (packs.states["power"].problem, order.answers["meter"].error, caplog.text, repr(order))
    assert packs.states["power"].problem
    assert SECRET not in "".join(told)


async def test_after_a_restart_it_is_what_it_was_and_nobody_is_asked_too_soon(
    stage: Stage,
) -> None:
    async with running(stage.open()):
        await stage.next_order()
    stage.advance(2 * MINUTE)
    async with running(stage.open()):
        answer = (await stage.next_order()).answers["meter"]
        assert (answer.data, answer.fetched_at) == (b'{"power": 1}', NOON)
        assert len(stage.server.asked) == 1
        stage.advance(4 * MINUTE)
        await stage.next_order()
    assert len(stage.server.asked) == 2


async def test_while_it_is_quiet_nobody_is_asked(stage: Stage) -> None:
    async with running(stage.open(quiet_hours([{"from": "12:00", "to": "14:00"}]))):
        await stage.next_order()
        assert stage.server.asked == []
        stage.advance(timedelta(hours=1))
        await stage.clock.wait_for_sleeper()
        assert stage.server.asked == []
        stage.advance(timedelta(hours=1))
        while not stage.server.asked:
            await stage.next_order()


async def test_an_example_asks_nobody(stage: Stage) -> None:
    example = "[example]\nnow = 2026-01-02T03:04:00\nmeter = { power = 7 }\n"
    async with running(stage.open(more=example, example=True)):
        order = await stage.next_order()
    assert (order.answers["meter"].data, order.now) == (
        b'{"power": 7}',
        datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    )
    assert stage.server.asked == []


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"pack": "wether"}, "screens: power: there is no pack wether; did you mean weather"),
        ({"pack": "none.toml"}, "screens: power: cannot read .*none.toml: No such file"),
        ({"pack": "meter.toml"}, "screens: power: key is not set: A key"),
        (
            {"pack": "meter.toml", "settings": {"kay": SECRET}},
            "screens: power: kay is no setting of meter",
        ),
    ],
)
async def test_what_is_wrong_with_a_pack_is_told_at_the_start(
    stage: Stage, table: dict[str, Any], sentence: str
) -> None:
    stage.open()
    with pytest.raises(ConfigError, match=sentence) as caught:
        read_chosen({"power": table}, stage.folder)
    assert SECRET not in str(caught.value)
