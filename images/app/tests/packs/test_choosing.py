"""Packs that come, go and change while they are shown."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from images.app.tests.fetching.servers import SECRET, http
from images.app.tests.packs.test_screens import (  # noqa: F401 - a fixture
    CLOCK,
    MINUTE,
    NEVER,
    SIZE,
    Stage,
    running,
    stage,
)
from inkstand.packs.chosen import read_chosen
from inkstand.playlist.quiet import from_values as quiet_hours

if TYPE_CHECKING:
    from inkstand.packs.chosen import ChosenPack
    from inkstand.packs.worker import Drawn, Order

pytestmark = pytest.mark.integration


def chosen(stage: Stage, key: str = SECRET) -> tuple[ChosenPack, ...]:  # noqa: F811
    table = {"pack": "meter.toml", "settings": {"key": key}, "private": True}
    return read_chosen({"power": table}, stage.folder)


async def test_one_that_is_as_it_was_goes_on_and_asks_nobody_for_it(stage: Stage) -> None:  # noqa: F811
    packs = stage.open()
    async with running(packs):
        await stage.next_order()
        screen = packs.screens["power"]
        packs.choose(chosen(stage), NEVER)
        await stage.next_order()
        assert packs.screens == {"power": screen}
    assert len(stage.server.asked) == 1


async def test_one_with_other_settings_asks_anew_and_shows_what_it_had_until_then(
    stage: Stage,  # noqa: F811
) -> None:
    stage.server.answers.append(http(200, b'{"power": 2}'))
    packs = stage.open()
    async with running(packs):
        await stage.next_order()
        before = stage.shows()
        packs.choose(chosen(stage, "another"), NEVER)
        assert stage.shows() == before
        while len(stage.server.asked) < 2:
            await stage.next_order()
    assert "key=another" in stage.server.asked[1].target
    assert stage.shows() not in (before, CLOCK.render(SIZE, stage.clock.now()).tobytes())


async def test_one_that_comes_later_is_drawn_and_one_that_goes_is_not_any_more(
    stage: Stage,  # noqa: F811
) -> None:
    packs = stage.open()
    packs.choose((), NEVER)
    async with running(packs):
        packs.choose(chosen(stage), NEVER)
        await stage.next_order()
        packs.choose((), NEVER)
        assert (packs.screens, packs.states) == ({}, {})
        await asyncio.sleep(0)
        stage.advance(timedelta(days=1))
        packs.choose(chosen(stage), NEVER)
        await stage.next_order()
    # A day of silence lies between: what was kept for it went with it.
    assert len(stage.orders) == 2


async def test_one_that_goes_while_it_is_drawn_ends_nothing(stage: Stage) -> None:  # noqa: F811
    packs, draw, may_go_on = stage.open(), stage._draw, asyncio.Event()

    async def slow(order: Order) -> Drawn:
        drawn = await draw(order)
        await may_go_on.wait()
        return drawn

    packs._draw = slow
    task: asyncio.Task[Any] = asyncio.create_task(packs.run())
    async with asyncio.timeout(60):
        await stage.drawn.wait()
    # It is the first to go on, before anybody could end it.
    may_go_on.set()
    packs.choose((), NEVER)
    await asyncio.sleep(0)
    assert packs.states == {}
    stage.drawn.clear()
    packs.choose(chosen(stage), NEVER)
    await stage.next_order()
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])


async def test_quiet_hours_count_as_soon_as_they_are_chosen(stage: Stage) -> None:  # noqa: F811
    packs = stage.open()
    async with running(packs):
        await stage.next_order()
        packs.choose(chosen(stage), quiet_hours([{"days": "daily"}]))
        await stage.next_order()
        stage.advance(6 * MINUTE)
        await stage.clock.wait_for_sleeper()
        packs.choose(chosen(stage), NEVER)
        while len(stage.server.asked) < 2:
            await stage.next_order()
    assert len(stage.server.asked) == 2
