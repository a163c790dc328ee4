"""A panel that hangs otherwise: people see pictures upright, the driver gets them turned."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from inkstand.clock import ManualClock
from inkstand.display.display import Display, Policy
from inkstand.display.turned import TurnedPanel
from inkstand.errors import FrameError
from inkstand.events import FrameShown, Hub
from inkstand.frame import Frame
from inkstand.panel import Refresh
from inkstand.panel.memory import MemoryPanel
from inkstand.rendering import from_frame, turned
from inkstand.screens import ClockScreen, MessageScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.unit

MORNING = datetime(2026, 11, 21, 9, 30, 20, tzinfo=UTC)
ANGLES = (0, 90, 180, 270)
NOISE = Frame(264, 176, bytes((37 * i + 11) % 256 for i in range(5808)))


def by_pillow(image: Image.Image, degrees: int) -> Image.Image:
    """Return `image` turned clockwise; Pillow's own counts the other way."""
    return image.rotate(-degrees, expand=True)


@pytest.mark.parametrize("degrees", ANGLES)
def test_a_frame_is_turned_clockwise_and_back(degrees: int) -> None:
    there = turned(NOISE, degrees)
    assert from_frame(there).tobytes() == by_pillow(from_frame(NOISE), degrees).tobytes()
    assert turned(there, -degrees) == NOISE


def test_what_stands_above_is_at_the_right_after_a_quarter() -> None:
    top_left = Frame(8, 16, b"\x80" + bytes(15))
    quarter = turned(top_left, 90)
    assert quarter == Frame(16, 8, b"\x00\x01" + bytes(14))


def test_a_height_that_can_be_no_width_is_told() -> None:
    with pytest.raises(FrameError, match="a panel of 4x8 pixels cannot be"):
        turned(Frame(8, 4, bytes(4)), 90)


@pytest.mark.parametrize("degrees", ANGLES)
def test_size_and_picture_are_those_that_people_see(degrees: int) -> None:
    inside = MemoryPanel(264, 176)
    panel = TurnedPanel(inside, degrees)
    upright = Image.new("1", panel.info().size, 1)
    assert upright.size == ((264, 176) if degrees % 180 == 0 else (176, 264))
    upright.paste(0, (0, 0, 40, 16))
    frame = Frame.from_inverse(*upright.size, upright.tobytes())
    panel.show(frame, Refresh.PARTIAL)
    assert inside.commands == [Refresh.PARTIAL]
    assert panel.current() == frame
    assert from_frame(inside.current()).tobytes() == by_pillow(upright, degrees).tobytes()


class Wall:
    """A display on a panel that is turned, and the frames that came onto its glass."""

    def __init__(self, panel: MemoryPanel, degrees: int) -> None:
        self.panel, self.hub, self.clock = panel, Hub(), ManualClock(MORNING)
        policy = Policy(rotation=degrees)
        self.display = Display(panel, self.clock, self.hub, ClockScreen(), policy)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.display.run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("degrees", ANGLES)
async def test_the_minute_is_still_a_partial_refresh_and_a_restart_none(
    degrees: int, eventually: Any
) -> None:
    first = Wall(MemoryPanel(264, 176), degrees)
    async with first.running():
        await eventually(lambda: first.display.refreshes["full"] == 1)
        await first.clock.wait_for_sleeper()
        first.clock.advance(timedelta(minutes=1))
        await eventually(lambda: first.display.refreshes["partial"] == 1)
    again = Wall(first.panel, degrees)
    again.clock.set(first.clock.now())
    async with again.running():
        await eventually(lambda: again.display.refreshes["skipped"] == 1)
    assert first.panel.commands == [Refresh.FULL, Refresh.PARTIAL]


async def test_people_get_it_upright_and_the_driver_as_it_hangs(eventually: Any) -> None:
    wall = Wall(MemoryPanel(264, 176), 270)
    with wall.hub.listen(kinds=(FrameShown,)) as shown:
        async with wall.running():
            await eventually(lambda: wall.display.refreshes["full"] == 1)
            wall.display.show(MessageScreen("Hello"))
            await eventually(lambda: wall.display.refreshes["full"] == 2)
        events = [await anext(shown) for _ in range(2)]
        frames = [event.frame for event in events if isinstance(event, FrameShown)]
    expected = MessageScreen("Hello").render((176, 264), MORNING)
    assert wall.display.info is not None
    assert wall.display.info.size == (176, 264)
    assert from_frame(frames[1]).tobytes() == expected.tobytes()
    assert wall.display.frame == frames[1]
    assert wall.display.frame_of_driver == wall.panel.current() != wall.display.frame
