"""The button behind a pigpiod that does what it should not."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.button import PigpioButton, PigpioSettings, Timing
from inkstand.events import Gesture, Hub

if TYPE_CHECKING:
    from inkstand.clock import ManualClock

pytestmark = pytest.mark.integration

MakeRig = Callable[..., Any]
Eventually = Callable[..., Awaitable[None]]


async def test_it_says_the_bytes_of_the_worked_example(stand_in: Any, pigpio_rig: MakeRig) -> None:
    pigpio_rig().start()
    async with asyncio.timeout(60):
        await stand_in.watched.wait()
    assert stand_in.received == [
        "00000000160000000000000000000000",
        "02000000160000000200000000000000",
        "61000000160000001027000000000000",
        "0a000000000000000000000000000000",
        "63000000000000000000000000000000",
        "13000000000000000000400000000000",
    ]


async def test_a_button_that_is_pressed_high_is_understood(
    stand_in: Any, pigpio_rig: MakeRig
) -> None:
    stand_in.pressed_high = True
    rig = pigpio_rig(Timing(long_after=800_000), pressed_high=True)
    rig.start()
    assert await rig.next_change() is None
    assert stand_in.received[1] == "02000000160000000100000000000000"
    await stand_in.press(0.05, 1)
    assert await rig.next_gesture() is Gesture.SHORT


async def test_bytes_that_come_one_by_one_are_understood(
    stand_in: Any, pigpio_rig: MakeRig
) -> None:
    stand_in.trickle = True
    rig = pigpio_rig()
    rig.start()
    assert await rig.next_change() is None
    for _ in range(20):
        await stand_in.press(0.05, 1)
        assert await rig.next_gesture() is Gesture.SHORT


async def test_nobody_there_is_a_reason_and_no_end(stand_in: Any, pigpio_rig: MakeRig) -> None:
    await stand_in.stop()
    rig = pigpio_rig()
    rig.start()
    assert await rig.next_change() == f"pigpiod at 127.0.0.1:{stand_in.port}: Connection refused"
    await stand_in.start()
    assert await rig.next_change() is None


async def test_trouble_is_said_once_however_often_it_tries(
    stand_in: Any, pigpio_rig: MakeRig, eventually: Eventually, caplog: pytest.LogCaptureFixture
) -> None:
    stand_in.mute = True
    rig = pigpio_rig(answer_within=0.02)
    rig.start()
    await eventually(lambda: stand_in.connections > 12)
    assert await rig.next_change()
    stand_in.mute = False
    assert await rig.next_change() is None
    assert [record.levelname for record in caplog.records].count("WARNING") == 1


@pytest.mark.parametrize(
    ("command", "error", "reason"),
    [
        (0, -41, "it refuses MODES 22: it is not permitted (-41)"),
        (97, -125, "it refuses FG 22: the glitch filter is out of range (-125)"),
        (99, -24, "it refuses NOIB 0: all its report streams are in use (-24)"),
        (19, -77, "it refuses NB 0: it failed (-77)"),
    ],
)
async def test_a_refusal_says_what_was_refused(
    stand_in: Any, pigpio_rig: MakeRig, command: int, error: int, reason: str
) -> None:
    stand_in.refuse = (command, error)
    rig = pigpio_rig()
    rig.start()
    assert (await rig.next_change()).endswith(reason)
    stand_in.refuse = None
    assert await rig.next_change() is None


async def test_one_that_never_answers_is_given_up(stand_in: Any, pigpio_rig: MakeRig) -> None:
    stand_in.mute = True
    rig = pigpio_rig(answer_within=0.1)
    rig.start()
    assert (await rig.next_change()).endswith("it does not answer")
    stand_in.mute = False
    assert await rig.next_change() is None


async def test_one_that_falls_silent_is_given_up(stand_in: Any, pigpio_rig: MakeRig) -> None:
    """A frozen process keeps its connections open; only the missing keep-alive tells."""
    rig = pigpio_rig(silence=0.1)
    rig.start()
    assert await rig.next_change() is None
    assert (await rig.next_change()).endswith("it does not answer")
    assert await rig.next_change() is None
    assert stand_in.connections >= 4


async def test_a_sign_of_life_is_no_press(stand_in: Any, pigpio_rig: MakeRig) -> None:
    rig = pigpio_rig()
    rig.start()
    assert await rig.next_change() is None
    await stand_in.report(flags=0x40)
    await stand_in.press(0.05, 1)
    assert await rig.next_gesture() is Gesture.SHORT
    assert len(rig.listener._events) == 0


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 40], ids=["http", "zeros"]
)
async def test_what_speaks_another_protocol_is_named(
    stand_in: Any, pigpio_rig: MakeRig, greeting: bytes
) -> None:
    stand_in.greeting = greeting
    rig = pigpio_rig()
    rig.start()
    assert (await rig.next_change()).endswith("does not speak its protocol")


async def test_a_closed_connection_is_noticed_at_once(stand_in: Any, pigpio_rig: MakeRig) -> None:
    rig = pigpio_rig()
    rig.start()
    assert await rig.next_change() is None
    stand_in.hang_up()
    assert "closed the connection" in (reason := await rig.next_change()) or "reset" in reason
    assert await rig.next_change() is None


async def test_a_button_held_while_connecting_means_nothing_until_it_is_released(
    stand_in: Any, pigpio_rig: MakeRig
) -> None:
    stand_in.held = True
    rig = pigpio_rig()
    rig.start()
    assert await rig.next_change() is None
    await stand_in.change(held=False)
    await stand_in.press(0.05, 1)
    assert await rig.next_gesture() is Gesture.SHORT
    assert len(rig.listener._events) == 0


async def test_after_lost_reports_it_starts_from_where_the_button_is(
    stand_in: Any, pigpio_rig: MakeRig
) -> None:
    """A press of which the end was lost is not a long one."""
    rig = pigpio_rig(Timing(long_after=500_000))
    rig.start()
    assert await rig.next_change() is None
    await stand_in.change(held=True)
    stand_in.seqno += 2
    await stand_in.change(held=False, after_us=900_000)
    await stand_in.press(0.05, 1)
    assert await rig.next_gesture() is Gesture.SHORT


async def test_a_press_that_was_cut_off_is_none(
    stand_in: Any, pigpio_rig: MakeRig, eventually: Eventually
) -> None:
    """Its timer would end before that of the long press that follows."""
    rig = pigpio_rig(Timing(long_after=1_000_000))
    rig.start()
    assert await rig.next_change() is None
    await stand_in.change(held=True)
    await eventually(lambda: rig.button._reporter._timer is not None)
    stand_in.hang_up()
    stand_in.held = False
    assert await rig.next_change()
    assert await rig.next_change() is None
    await stand_in.change(held=True)
    assert await rig.next_gesture() is Gesture.LONG
    assert len(rig.listener._events) == 0


@pytest.mark.parametrize("host", ["a..b", "x" * 80, "no-such-host.invalid"])
async def test_a_host_that_cannot_be_is_a_reason_and_no_crash(
    pigpio_rig: MakeRig, host: str
) -> None:
    rig = pigpio_rig(host=host)
    rig.start()
    assert (await rig.next_change()).startswith(f"pigpiod at {host}:")
    assert not rig.task.done()


def test_it_tries_again_soon_and_then_less_often(hub: Hub, clock: ManualClock) -> None:
    delays = PigpioButton(PigpioSettings(), clock, hub)._delays()
    assert list(itertools.islice(delays, 7)) == [0.25, 0.5, 1, 2, 4, 4, 4]


async def test_a_release_that_was_never_told_makes_no_long_press_and_hides_no_next_one(
    stand_in: Any, pigpio_rig: MakeRig
) -> None:
    """The kernel may drop an edge; the level is what tells."""
    rig = pigpio_rig(Timing(long_after=50_000))
    rig.start()
    assert await rig.next_change() is None
    await stand_in.change(held=True)
    stand_in.held = False
    assert await rig.next_gesture() is Gesture.SHORT
    await stand_in.press(0.02, 1)
    assert await rig.next_gesture() is Gesture.SHORT
    assert len(rig.listener._events) == 0


async def test_a_button_that_is_held_is_asked_once_and_gives_one_long_press(
    stand_in: Any, pigpio_rig: MakeRig
) -> None:
    rig = pigpio_rig(Timing(long_after=50_000))
    rig.start()
    assert await rig.next_change() is None
    await stand_in.change(held=True)
    assert await rig.next_gesture() is Gesture.LONG
    await stand_in.change(held=False)
    await stand_in.press(0.02, 1)
    assert await rig.next_gesture() is Gesture.SHORT
    assert len(rig.listener._events) == 0


async def held_and_not_answered(stand_in: Any, pigpio_rig: MakeRig, eventually: Eventually) -> Any:
    """Hold the button for longer than a short press, while nobody says how the level is."""
    rig = pigpio_rig(Timing(long_after=50_000), answer_within=0.2)
    rig.start()
    assert await rig.next_change() is None
    stand_in.mute = True
    asked = len(stand_in.received)
    await stand_in.change(held=True)
    await eventually(lambda: len(stand_in.received) > asked and rig.button._reporter._look is None)
    return rig


@pytest.mark.parametrize(("held_us", "gesture"), [(40_000, Gesture.SHORT), (60_000, Gesture.LONG)])
async def test_where_the_level_cannot_be_asked_the_edges_count(
    stand_in: Any,
    pigpio_rig: MakeRig,
    eventually: Eventually,
    held_us: int,
    gesture: Gesture,
) -> None:
    """However late a release is heard of: its tick is of when it was."""
    rig = await held_and_not_answered(stand_in, pigpio_rig, eventually)
    assert len(rig.listener._events) == 0
    await stand_in.change(held=False, after_us=held_us)
    assert await rig.next_gesture() is gesture


async def test_a_press_whose_release_goes_with_the_connection_is_no_long_one(
    stand_in: Any, pigpio_rig: MakeRig, eventually: Eventually
) -> None:
    """It would hide a message behind the status screen, which nobody asked for."""
    rig = await held_and_not_answered(stand_in, pigpio_rig, eventually)
    stand_in.mute = stand_in.held = False
    stand_in.hang_up()
    assert await rig.next_change() is not None
    assert await rig.next_change() is None
    await stand_in.press(0.02, 1)
    assert await rig.next_gesture() is Gesture.SHORT
    assert len(rig.listener._events) == 0


async def test_a_release_that_was_lost_after_a_long_press_is_noticed(
    stand_in: Any, pigpio_rig: MakeRig, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inkstand.button.base._LOOK_AGAIN", 50_000)
    rig = pigpio_rig(Timing(long_after=50_000))
    rig.start()
    assert await rig.next_change() is None
    await stand_in.change(held=True)
    assert await rig.next_gesture() is Gesture.LONG
    stand_in.held = False
    await eventually(lambda: not rig.button._reporter._machine.pressed)
    assert len(rig.listener._events) == 0
