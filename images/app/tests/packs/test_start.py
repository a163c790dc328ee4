"""What the app does first with packs when it starts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from images.app.tests.fetching.trmnl_server import asking
from inkstand import bootstrap
from inkstand.api.app import make_app
from inkstand.clock import ManualClock
from inkstand.errors import did_you_mean
from inkstand.events import Hub
from inkstand.fetching.fetcher import Fetcher
from inkstand.fetching.kept import KeptAnswers
from inkstand.packs.chosen import read_chosen
from inkstand.packs.screens import PackScreens
from inkstand.packs.worker import Drawn
from inkstand.playlist.playlist import Entry, Playlist
from inkstand.playlist.quiet import QuietHours
from inkstand.rendering import blank, to_png
from inkstand.screens import ClockScreen
from inkstand.showing import shown_by

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from inkstand.config import Settings
    from inkstand.packs.worker import Order

pytestmark = pytest.mark.integration

SIZE = (200, 96)
NAMES = ("countdown", "number", "text", "weather")


@pytest.mark.parametrize("first", [*NAMES, "clock"])
def test_the_screen_whose_turn_it_is_is_the_first(first: str) -> None:
    playlist = Playlist((Entry(first, 10), *(Entry(name, 10) for name in NAMES)))
    screens = dict.fromkeys([*NAMES, "not_shown"], 1)
    now = datetime(2026, 11, 29, tzinfo=UTC)
    while playlist.turn(now).screen != first:
        now += timedelta(minutes=1)
    others = [name for name in NAMES if name != first]
    ours = [first] if first in NAMES else []
    assert list(shown_by(playlist, screens, now)) == [*ours, *others]


@pytest.mark.parametrize("first", NAMES)
async def test_packs_are_drawn_in_the_order_in_which_they_come(tmp_path: Path, first: str) -> None:
    drawn: asyncio.Queue[str] = asyncio.Queue()

    async def draw(order: Order) -> Drawn:
        await drawn.put(order.text)
        return Drawn(to_png(blank(SIZE)))

    clock = ManualClock(datetime(2026, 11, 29, 12, 10, tzinfo=UTC))
    names = sorted(NAMES, key=lambda name: name != first)
    chosen = read_chosen({name: {"pack": name, "example": True} for name in names}, tmp_path)
    packs = PackScreens(
        chosen,
        instead=ClockScreen(),
        clock=clock,
        hub=Hub(),
        fetcher=Fetcher(clock),
        trmnl=asking(clock, tmp_path),
        kept=KeptAnswers(tmp_path / "kept"),
        quiet=QuietHours(),
        size=lambda: SIZE,
        changed=lambda: None,
        draw=draw,
    )
    task = asyncio.create_task(packs.run())
    async with asyncio.timeout(60):
        texts = [await drawn.get() for _ in NAMES]
    task.cancel()
    await asyncio.wait([task])
    assert texts == [each.text for each in chosen]


async def test_what_came_for_packs_goes_when_there_are_none(
    make_settings: Callable[..., Settings], eventually: Callable[..., Awaitable[None]]
) -> None:
    settings = make_settings(panel="memory", button="memory")
    kept = settings.state_directory / "packs"
    kept.mkdir(parents=True)
    (kept / "answer").write_bytes(b"{}")
    listener, stop = bootstrap.listen("127.0.0.1", 0), asyncio.Event()
    system = bootstrap.build(settings)
    app = make_app(system.services)
    running = asyncio.create_task(bootstrap.run(system, app, listener, stop, lambda: None))
    await eventually(lambda: not kept.exists())
    assert settings.state_directory.exists()
    stop.set()
    await running


@pytest.mark.parametrize(
    ("name", "known", "end"),
    [
        ("wether", ["clock", "weather"], "; did you mean weather?"),
        ("x", ["clock", "weather", "text"], "; there is clock, weather and text"),
        ("x", ["clock"], "; there is clock"),
        ("x", [], ""),
        ("x", [f"setting_{place:02}" for place in range(13)], "; did you mean setting_12?"),
    ],
)
def test_who_is_refused_is_told_what_there_is(name: str, known: list[str], end: str) -> None:
    assert did_you_mean(name, known) == end
