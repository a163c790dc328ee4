"""What stands on the simulated glass of the driver when the panel hangs otherwise."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from inkstand.clock import ManualClock
from inkstand.display.display import Display, Policy
from inkstand.events import Hub
from inkstand.panel.epd import EpdPanel
from inkstand.screens import ClockScreen, MessageScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from inkstand.screens import Screen

pytestmark = pytest.mark.integration
Driver = Any

MORNING = datetime(2026, 11, 21, 9, 30, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def glass(driver: Driver) -> bytes:
    with Image.open(driver.glass_picture) as picture:
        return bytes(picture.convert("1").tobytes())


def as_it_hangs(screen: Screen, now: datetime, degrees: int) -> bytes:
    """Return the picture turned clockwise, by Pillow, which counts the other way."""
    size = (264, 176) if degrees % 180 == 0 else (176, 264)
    return bytes(screen.render(size, now).rotate(-degrees, expand=True).tobytes())


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
async def test_each_pixel_is_where_it_belongs(
    driver: Driver, degrees: int, eventually: Callable[..., Awaitable[None]]
) -> None:
    clock, policy = ManualClock(MORNING), Policy(rotation=degrees)
    display = Display(EpdPanel(driver.directory), clock, Hub(), ClockScreen(), policy)
    task = asyncio.create_task(display.run())
    await eventually(lambda: display.refreshes["full"] == 1)
    assert glass(driver) == as_it_hangs(ClockScreen(), MORNING, degrees)
    await clock.wait_for_sleeper()
    clock.advance(MINUTE)
    await eventually(lambda: display.refreshes["partial"] == 1)
    assert glass(driver) == as_it_hangs(ClockScreen(), MORNING + MINUTE, degrees)
    message = MessageScreen("Hello", "Ada at 09:31")
    display.show(message)
    await eventually(lambda: display.refreshes["full"] == 2)
    assert glass(driver) == as_it_hangs(message, clock.now(), degrees)
    await ended(task)
    # Whoever comes after a restart finds there what is to be there.
    again = Display(EpdPanel(driver.directory), clock, Hub(), message, policy)
    task = asyncio.create_task(again.run())
    await eventually(lambda: again.refreshes)
    assert again.refreshes == {"skipped": 1}
    await ended(task)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
