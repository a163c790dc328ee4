"""Messages that come later, on a Pi whose clock is not right yet."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.messages import Draft, State, model
from inkstand.messages.controller import Controller
from inkstand.messages.retention import Retention, keep_pruned
from inkstand.messages.store import Change
from inkstand.screens import ClockScreen
from inkstand.status.host_time import HostTime

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)
FIVE_YEARS = timedelta(days=5 * 365)


@contextlib.asynccontextmanager
async def running(stage: Any, store: Any, file: Path) -> AsyncIterator[Controller]:
    time = HostTime(file, stage.clock)
    controller = Controller(stage.display, store, stage.clock, stage.hub, ClockScreen(), time=time)
    task = asyncio.create_task(controller.run())
    try:
        yield controller
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_nothing_comes_and_no_series_skips_years_by_a_clock_that_is_years_ahead(
    stage: Any, store: Any, tmp_path: Path, eventually: Any
) -> None:
    right, file = stage.clock.now(), tmp_path / "synchronized"
    soon = (right + HOUR).replace(second=0, microsecond=0)
    draft = Draft(author="ada", text="Pill", show_at=soon, repeat="daily")
    series = (await store.add(draft, right)).message
    stage.clock.advance(FIVE_YEARS)
    async with running(stage, store, file) as controller:
        await eventually(lambda: not controller.state.busy)
        message = (await controller.submit(Draft(author="ada", text="Hello"))).message
        await store.until(message.id, State.SHOWN)
        assert await store.scheduled() == (series,)
        file.touch()
        stage.clock.set(right)
        await eventually(lambda: controller.state.wakes_at == soon)
        assert await store.scheduled() == (series,)
        stage.clock.set(soon)
        await eventually(lambda: controller.state.wakes_at == soon + 24 * HOUR)
        assert (await store.get(message.id + 1)).text == "Pill"


async def test_what_is_over_expires_whether_the_clock_is_right_or_not(
    stage: Any, store: Any, tmp_path: Path
) -> None:
    now = stage.clock.now()
    await store.add(Draft(author="ada", text="Bins", show_at=now - HOUR), now)
    async with running(stage, store, tmp_path / "never") as controller:
        draft = Draft(author="ada", text="Hello", expires_at=now + HOUR)
        message = (await controller.submit(draft)).message
        await store.until(message.id, State.SHOWN)
        stage.clock.advance(HOUR)
        await store.until(message.id, State.EXPIRED)
        assert len(await store.scheduled()) == 1


async def test_no_message_is_too_old_to_keep_by_a_clock_that_is_not_right(
    stage: Any, store: Any, eventually: Any
) -> None:
    now, answers, asked = stage.clock.now(), iter((False, True)), list[bool]()
    number = (await store.add(Draft(author="ada", text="Hello"), now)).message.id
    await store.change(Change(number, partial(model.give_up, at=now)))
    stage.clock.advance(FIVE_YEARS)

    def is_right() -> bool:
        asked.append(next(answers))
        return asked[-1]

    retention = Retention(90 * 24 * HOUR, 10)
    task = asyncio.create_task(keep_pruned(store, stage.clock, retention, stage.hub, is_right))
    await eventually(lambda: len(asked) == 1)
    # What the store is asked next is answered after it has forgotten.
    assert await store.count() == 1
    stage.clock.advance(25 * HOUR)
    await eventually(lambda: len(asked) == 2)
    assert await store.count() == 0
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
