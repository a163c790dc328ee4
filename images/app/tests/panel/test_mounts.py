"""The display and a real driver that dies."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from inkstand.clock import SystemClock
from inkstand.display.display import Display
from inkstand.events import Hub, PanelChanged
from inkstand.panel import mounts
from inkstand.panel.epd import EpdPanel
from inkstand.rendering.picture import from_frame
from inkstand.screens import ClockScreen, MessageScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from inkstand.events import Listener

from datetime import UTC

pytestmark = pytest.mark.integration
Driver = Any


@pytest.fixture
async def display(
    driver: Driver, eventually: Callable[..., Awaitable[None]]
) -> AsyncIterator[tuple[Display, Listener]]:
    """A display on a real mount, and what it publishes from then on."""
    hub = Hub()
    panel = EpdPanel(driver.directory)
    display = Display(panel, SystemClock(UTC), hub, ClockScreen())
    jobs = (display.run(), mounts.watch(display.look_again))
    tasks = [asyncio.create_task(job) for job in jobs]
    await eventually(lambda: display.refreshes["full"])
    with hub.listen() as listener:
        yield display, listener
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def changes(listener: Listener) -> str | None:
    async with asyncio.timeout(5):
        async for event in listener:
            if isinstance(event, PanelChanged):
                return event.reason
    raise AssertionError


async def test_an_idle_display_notices_a_restarted_driver_without_polling(
    display: tuple[Display, Listener], driver: Driver
) -> None:
    _, listener = display
    driver.kill()
    driver.unmount()
    assert "no panel" in str(await changes(listener))
    await asyncio.to_thread(driver.start)
    assert await changes(listener) is None


async def test_what_was_asked_for_while_the_driver_was_dead_is_shown_within_five_seconds(
    display: tuple[Display, Listener], driver: Driver
) -> None:
    shown, listener = display
    before = EpdPanel(driver.directory).current()
    driver.kill()
    shown.show(MessageScreen("Hello"))
    assert "the driver has died" in str(await changes(listener))
    await asyncio.to_thread(driver.restart)
    assert await changes(listener) is None
    assert EpdPanel(driver.directory).current() == shown.frame != before


async def test_the_simulated_glass_shows_what_the_app_drew(
    display: tuple[Display, Listener], driver: Driver
) -> None:
    """The driver's glass knows the wiring of the panel, and nothing of the app."""
    shown, _ = display
    assert shown.frame is not None
    with Image.open(driver.glass_picture) as glass:
        assert glass.tobytes() == from_frame(shown.frame).tobytes()
