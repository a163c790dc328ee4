"""What is only true of simulated lines, and the finger on them."""

import pytest

from pigpiod_bridge.clock import ManualClock
from pigpiod_bridge.lines import Edge, LineError, Mode, Pull
from pigpiod_bridge.press import BOUNCE, GAP, Finger, Press, Step, plan
from pigpiod_bridge.simulated import SimulatedLines

pytestmark = pytest.mark.unit

CLEAN = Press(22, hold=0.1)


@pytest.fixture
def finger(lines: SimulatedLines, clock: ManualClock) -> Finger:
    return Finger(lines, clock)


@pytest.fixture
def edges(lines: SimulatedLines) -> list[Edge]:
    edges: list[Edge] = []
    lines.subscribe(edges.append)
    return edges


def test_all_lines_of_the_header_start_pulled_up(lines: SimulatedLines) -> None:
    assert lines.levels() == 0x0FFF_FFFF


def test_a_line_without_resistor_keeps_its_level(lines: SimulatedLines) -> None:
    lines.drive(22, 0)
    lines.set_pull(22, Pull.OFF)
    lines.drive(22, None)
    assert lines.read(22) == 0


def test_a_short_circuit_is_refused(lines: SimulatedLines) -> None:
    lines.write(22, 1)
    with pytest.raises(LineError, match="GPIO 22 is an output at 1"):
        lines.drive(22, 0)


def test_a_press_closes_the_contact_and_opens_it_again() -> None:
    assert plan(CLEAN) == [Step(0, down=True), Step(100_000, down=False)]


def test_a_double_press_waits_between_the_two() -> None:
    again = 100_000 + GAP
    assert plan(Press(22, 0.1, times=2))[2:] == [
        Step(again, down=True),
        Step(again + 100_000, down=False),
    ]


def test_a_bouncing_press_ends_each_change_where_a_clean_one_would() -> None:
    steps = plan(Press(22, 0.1, bounce=True))
    assert [step.down for step in steps] == [True, False] * 2 + [True, False] + [True, False] * 2
    assert [step.after for step in steps] == [*BOUNCE, *(100_000 + b for b in BOUNCE)]


def test_pressing_pulls_the_line_low_for_as_long_as_asked(
    finger: Finger, edges: list[Edge], clock: ManualClock
) -> None:
    done: list[int] = []
    finger.press(CLEAN, lambda: done.append(clock.now()))
    clock.advance(1_000_000)
    assert edges == [Edge(22, 0, 100_000), Edge(22, 1, 200_000)]
    assert done == [200_000]


def test_a_line_can_be_pressed_again_only_after_its_release(
    finger: Finger, clock: ManualClock
) -> None:
    finger.press(CLEAN, lambda: None)
    with pytest.raises(LineError, match="being pressed already"):
        finger.press(CLEAN, lambda: None)
    clock.advance(100_000)
    finger.press(CLEAN, lambda: None)


def test_a_press_that_could_not_show_is_refused(finger: Finger, lines: SimulatedLines) -> None:
    lines.set_pull(22, Pull.DOWN)
    with pytest.raises(LineError, match="is low already"):
        finger.press(CLEAN, lambda: None)


def test_a_line_that_becomes_an_output_during_a_press_is_left_alone(
    finger: Finger, lines: SimulatedLines, clock: ManualClock
) -> None:
    done: list[bool] = []
    finger.press(Press(22, 0.1, times=2), lambda: done.append(True))
    clock.advance(150_000)
    lines.write(22, 1)
    clock.advance(1_000_000)
    assert (lines.mode(22), lines.read(22), done) == (Mode.OUTPUT, 1, [True])
