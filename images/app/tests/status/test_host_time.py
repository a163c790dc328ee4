"""The time is shown when it is known to be right."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.clock import ManualClock, TrustedTime
from inkstand.display.display import Display
from inkstand.events import FrameShown, Hub, Listener
from inkstand.panel.memory import MemoryPanel
from inkstand.rendering import to_frame
from inkstand.screens import ClockScreen
from inkstand.screens.home import HomeScreen
from inkstand.status.host_time import HostTime

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from inkstand.frame import Frame

pytestmark = pytest.mark.unit
START = datetime(2026, 11, 21, 9, 30, 20, tzinfo=UTC)
SIZE = (264, 176)
SECOND = timedelta(seconds=1)


def clock_at(now: datetime, *, synchronised: bool = True) -> Frame:
    return to_frame(ClockScreen(synchronised).render(SIZE, now), SIZE)


class Scene:
    """A display whose home follows a host's time, and what comes onto its glass."""

    def __init__(self, file: Path, frames: Listener, hub: Hub, eventually: Any) -> None:
        self.file = file
        self.clock = ManualClock(START)
        self.time = HostTime(file, self.clock)
        self.display = Display(MemoryPanel(*SIZE), self.clock, hub, HomeScreen(self.time))
        self._frames = frames
        self._eventually = eventually

    async def frame(self) -> Frame:
        async with asyncio.timeout(60):
            shown = await anext(self._frames)
        assert isinstance(shown, FrameShown)
        return shown.frame

    async def go_on(self, step: timedelta) -> None:
        """Let time go on once the display and the one who watches the time sleep."""
        await self._eventually(lambda: self.clock._sleepers == 2)
        self.clock.advance(step)


@pytest.fixture
async def scene(tmp_path: Path, eventually: Any) -> AsyncIterator[Scene]:
    hub = Hub()
    with hub.listen(kinds=(FrameShown,)) as frames:
        scene = Scene(tmp_path / "synchronized", frames, hub, eventually)
        display = asyncio.create_task(scene.display.run())
        watch = asyncio.create_task(scene.time.watch(scene.display.look_again))
        yield scene
        for task in (display, watch):
            task.cancel()
        await asyncio.gather(display, watch, return_exceptions=True)


async def test_until_the_host_knows_the_time_none_is_shown_and_then_within_five_seconds(
    scene: Scene,
) -> None:
    assert await scene.frame() == clock_at(START, synchronised=False)
    await scene.go_on(5 * SECOND)
    scene.file.touch()
    await scene.go_on(5 * SECOND)
    assert await scene.frame() == clock_at(START + 10 * SECOND)
    assert scene.display.refreshes == {"full": 1, "partial": 1}


async def test_a_time_that_is_known_no_more_is_shown_no_more(scene: Scene) -> None:
    scene.file.touch()
    await scene.frame()
    scene.file.unlink()
    await scene.go_on(40 * SECOND)
    assert await scene.frame() == clock_at(START, synchronised=False)


async def test_no_minute_without_a_time_touches_the_glass(scene: Scene) -> None:
    await scene.frame()
    for _ in range(3):
        await scene.go_on(60 * SECOND)
    await scene.go_on(SECOND)
    assert scene.display.refreshes["full"] + scene.display.refreshes["partial"] == 1


@pytest.mark.parametrize("wrong", ["nothing/there", "file/below"])
def test_a_file_that_cannot_be_looked_at_is_none(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "file").touch()
    assert not HostTime(tmp_path / wrong, ManualClock(START)).synchronised


async def test_a_clock_that_nobody_can_ask_about_is_trusted() -> None:
    time, calls = TrustedTime(), []
    watch = asyncio.create_task(time.watch(lambda: calls.append(1)))
    await asyncio.sleep(0)
    watch.cancel()
    assert time.synchronised
    assert calls == []
