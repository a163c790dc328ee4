"""What every button does, whatever is behind it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.button import NoButton, Timing
from inkstand.events import Gesture

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.contract

BOTH = Timing(long_after=1_000_000, double_within=500_000)


@pytest.fixture
async def rig(make_rig: Callable[..., Any]) -> Any:
    """A button that was started and has said that it can be pressed."""
    rig = make_rig()
    rig.start()
    assert await rig.next_change() is None
    return rig


async def test_it_is_not_well_before_it_runs(make_rig: Callable[..., Any]) -> None:
    assert make_rig().button.state not in {"ok", ""}


async def test_it_is_well_when_it_runs(rig: Any) -> None:
    assert rig.button.state == "ok"


async def test_each_press_is_felt_once_and_in_order(rig: Any) -> None:
    for _ in range(3):
        await rig.press(0.05, 1)
        assert await rig.next_gesture() is Gesture.SHORT
    await rig.stop()
    assert list(rig.listener._events) == []


async def test_two_quick_presses_are_two_when_no_double_press_is_looked_for(rig: Any) -> None:
    await rig.press(0.05, 2)
    assert [await rig.next_gesture() for _ in range(2)] == [Gesture.SHORT, Gesture.SHORT]


async def test_nobody_feels_a_press_while_it_does_not_run(rig: Any) -> None:
    await rig.stop()
    assert rig.button.state != "ok"
    await rig.press(0.05, 1)
    rig.start()
    assert await rig.next_change() is None
    await rig.press(0.05, 1)
    assert await rig.next_gesture() is Gesture.SHORT
    await rig.stop()
    assert list(rig.listener._events) == []


@pytest.mark.parametrize(
    ("hold", "times", "gesture"),
    [(0.05, 1, Gesture.SHORT), (1.2, 1, Gesture.LONG), (0.05, 2, Gesture.DOUBLE)],
)
async def test_it_tells_short_from_long_from_double(
    make_rig: Callable[..., Any], hold: float, times: int, gesture: Gesture
) -> None:
    rig = make_rig(BOTH)
    rig.start()
    assert await rig.next_change() is None
    await rig.press(hold, times)
    assert await rig.next_gesture() is gesture


async def test_it_says_once_that_it_is_lost_and_comes_back_by_itself(
    rig: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await rig.lose()
    reason = await rig.next_change()
    assert reason
    assert rig.button.state != "ok"
    await rig.bring_back()
    assert await rig.next_change() is None
    assert rig.button.state == "ok"
    await rig.press(0.05, 1)
    assert await rig.next_gesture() is Gesture.SHORT
    assert [record.levelname for record in caplog.records].count("WARNING") == 1


async def test_it_stops_when_it_is_cancelled(
    rig: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    rig.task.cancel()
    await eventually(rig.task.done)
    assert rig.task.cancelled()


async def test_an_appliance_without_a_button_is_well() -> None:
    button = NoButton()
    task = asyncio.create_task(button.run())
    await asyncio.sleep(0)
    assert not task.done()
    assert button.state == "ok"
    task.cancel()
