"""What went wrong lately."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from inkstand.events import (
    ButtonChanged,
    ButtonPressed,
    Event,
    Gesture,
    Hub,
    PanelChanged,
    ScreenFailed,
    StorageChanged,
)
from inkstand.screens import ClockScreen
from inkstand.status.recent_errors import RecentErrors, Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.unit
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Desk:
    """A journal that runs."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.recent_errors = RecentErrors(self.hub)

    async def happens(self, *events: Event) -> list[str]:
        """Return what is in the journal after `events`, newest first."""
        for event in events:
            self.hub.publish(event)
        for _ in range(3):
            await asyncio.sleep(0)
        return [trouble.what for trouble in self.recent_errors.troubles]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    task = asyncio.create_task(desk.recent_errors.run())
    await asyncio.sleep(0)
    yield desk
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_every_part_is_named_and_the_newest_comes_first(desk: Desk) -> None:
    noted = await desk.happens(
        PanelChanged(NOON, "it broke"),
        ButtonChanged(NOON, "it is gone"),
        StorageChanged(NOON, "it is full"),
        ScreenFailed(NOON, ClockScreen()),
    )
    assert noted == [
        "screen: a ClockScreen cannot be drawn",
        "storage: it is full",
        "button: it is gone",
        "panel: it broke",
    ]
    assert desk.recent_errors.troubles[-1] == Trouble(NOON, "panel: it broke")


async def test_what_goes_on_is_noted_once_and_what_comes_again_twice(desk: Desk) -> None:
    broken, well = PanelChanged(NOON, "it broke"), PanelChanged(NOON, None)
    assert len(await desk.happens(broken, broken, broken)) == 1
    assert len(await desk.happens(well, well, broken)) == 2
    assert len(await desk.happens(PanelChanged(NOON, "it is gone"))) == 3


async def test_ten_are_kept(desk: Desk) -> None:
    for number in range(12):
        await desk.happens(PanelChanged(NOON + timedelta(minutes=number), f"{number}"))
    noted = await desk.happens(ButtonPressed(NOON, Gesture.SHORT))
    assert noted == [f"panel: {number}" for number in reversed(range(2, 12))]
