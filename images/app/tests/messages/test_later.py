"""Messages that come later, on a panel in memory, by a clock that stands still."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.messages import Draft, State
from inkstand.messages.controller import Controller
from inkstand.messages.events import MessageChanged
from inkstand.rendering import to_frame
from inkstand.screens import ClockScreen, MessageScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)


@contextlib.asynccontextmanager
async def running(stage: Any, store: Any) -> AsyncIterator[Controller]:
    controller = Controller(stage.display, store, stage.clock, stage.hub, ClockScreen())
    task = asyncio.create_task(controller.run())
    try:
        yield controller
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def shows(stage: Any, text: str, signed: str) -> bool:
    size = stage.panel.info().size
    wanted = MessageScreen(text, signed).render(size, stage.clock.now())
    return bool(stage.panel.current() == to_frame(wanted, size))


async def test_it_comes_onto_the_glass_at_its_time_and_nobody_is_woken_before(
    stage: Any, store: Any, eventually: Any
) -> None:
    start = stage.clock.now()
    async with running(stage, store) as controller:
        await eventually(lambda: not controller.state.busy)
        draft = Draft(author="ada", text="Bins", show_at=start.replace(second=0) + HOUR)
        number = (await controller.submit(draft)).message.id
        assert controller.state.wakes_at == draft.show_at
        await stage.clock.wait_for_sleeper()
        assert (await store.get(number)).state is State.SCHEDULED
        stage.clock.advance(HOUR)
        await store.until(number, State.SHOWN)
        await eventually(lambda: shows(stage, "Bins", "ada at 10:30"))


async def test_after_a_night_off_the_last_time_is_shown_with_when_it_was(
    stage: Any, store: Any, eventually: Any
) -> None:
    noted = stage.clock.now().replace(second=0)
    draft = Draft(author="ada", text="Pill", show_at=noted + HOUR, repeat="daily")
    await store.add(draft, stage.clock.now())
    stage.clock.advance(50 * HOUR)
    async with running(stage, store) as controller:
        await eventually(lambda: controller.state.outlook.shown)
        assert (await store.get(2)).at == noted + 49 * HOUR
        await eventually(lambda: shows(stage, "Pill", "ada at 10:30"))
    assert await store.count() == 2


async def test_what_becomes_of_it_is_told(stage: Any, store: Any, eventually: Any) -> None:
    async with running(stage, store) as controller:
        await eventually(lambda: not controller.state.busy)
        with stage.hub.listen(kinds=(MessageChanged,)) as events:
            soon = stage.clock.now() + HOUR
            await controller.submit(Draft(author="ada", text="x", show_at=soon, repeat="daily"))
            await controller.skip(1, soon.replace(microsecond=0))
            await controller.delete(1)
            told = [await anext(aiter(events)) for _ in range(3)]
    states = [(each.previous, each.message.state) for each in told]
    later = State.SCHEDULED
    assert states == [(None, later), (later, later), (later, State.DELETED)]
