"""What somebody meant, from when the button went down and up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.button.gesture import GestureMachine, Timing
from inkstand.events import Gesture

pytestmark = pytest.mark.unit

SHORT, LONG, DOUBLE = Gesture.SHORT, Gesture.LONG, Gesture.DOUBLE
MS = 1000
NEITHER = Timing()
ONLY_LONG = Timing(long_after=800 * MS)
ONLY_DOUBLE = Timing(double_within=300 * MS)
BOTH = Timing(long_after=800 * MS, double_within=300 * MS)
WRAP = 1 << 32


def meant(timing: Timing, *moments: int, start: int = 0, quiet: int = 2000) -> list[Gesture]:
    """Return the gestures of a button that goes down, up, down… at `moments` in ms.

    As a timer would, expire() is called when it is due, at last `quiet` ms after the last moment.
    """
    machine, pressed = GestureMachine(timing), False
    found: list[Gesture] = []
    now = start
    for moment in (*moments, moments[-1] + quiet):
        following = (start + moment * MS) % WRAP
        wait = machine.due_in(now)
        if wait is not None and wait <= (following - now) % WRAP:
            found += machine.expire((now + wait) % WRAP)
        now = following
        if moment in moments:
            pressed = not pressed
            found += machine.edge(now, pressed=pressed)
    return found


@pytest.mark.parametrize(
    ("timing", "moments", "gestures"),
    [
        (NEITHER, [0, 100], [SHORT]),
        (NEITHER, [0, 5000], [SHORT]),
        (NEITHER, [0, 100, 200, 300], [SHORT, SHORT]),
        (ONLY_LONG, [0, 100], [SHORT]),
        (ONLY_LONG, [0, 799], [SHORT]),
        (ONLY_LONG, [0, 800], [LONG]),
        (ONLY_LONG, [0, 5000], [LONG]),
        (ONLY_LONG, [0, 100, 200, 300], [SHORT, SHORT]),
        (ONLY_DOUBLE, [0, 100], [SHORT]),
        (ONLY_DOUBLE, [0, 5000], [SHORT]),
        (ONLY_DOUBLE, [0, 100, 399, 450], [DOUBLE]),
        (ONLY_DOUBLE, [0, 100, 400, 450], [SHORT, SHORT]),
        (BOTH, [0, 100], [SHORT]),
        (BOTH, [0, 900], [LONG]),
        (BOTH, [0, 100, 200, 300], [DOUBLE]),
        (BOTH, [0, 100, 200, 2000], [DOUBLE]),
        (BOTH, [0, 100, 200, 300, 400, 500], [DOUBLE, SHORT]),
        (BOTH, [0, 100, 200, 300, 400, 500, 600, 700], [DOUBLE, DOUBLE]),
        (BOTH, [0, 900, 1000, 1100], [LONG, SHORT]),
        (BOTH, [0, 100, 500, 1400], [SHORT, LONG]),
    ],
)
@pytest.mark.parametrize("start", [0, WRAP - 1, WRAP - 150 * MS])
def test_gestures(timing: Timing, moments: list[int], gestures: list[Gesture], start: int) -> None:
    """The second and third start make the ticks wrap in the middle."""
    assert meant(timing, *moments, start=start) == gestures


def test_a_short_press_is_known_the_moment_it_begins_when_nothing_else_is_looked_for() -> None:
    assert GestureMachine(NEITHER).edge(0, pressed=True) == (SHORT,)


def test_a_long_press_is_known_before_the_button_is_released() -> None:
    machine = GestureMachine(BOTH)
    assert machine.edge(0, pressed=True) == ()
    assert machine.due_in(300 * MS) == 500 * MS
    assert machine.expire(800 * MS) == (LONG,)
    assert machine.due_in(800 * MS) is None
    assert machine.edge(900 * MS, pressed=False) == ()


def test_edges_that_come_before_a_late_timer_mean_the_same() -> None:
    machine = GestureMachine(BOTH)
    machine.edge(0, pressed=True)
    assert machine.edge(900 * MS, pressed=False) == (LONG,)
    machine.edge(1000 * MS, pressed=True)
    machine.edge(1100 * MS, pressed=False)
    assert machine.edge(5000 * MS, pressed=True) == (SHORT,)


def test_a_timer_that_runs_ahead_changes_nothing() -> None:
    machine = GestureMachine(BOTH)
    machine.edge(0, pressed=True)
    assert machine.expire(799 * MS) == ()


def test_an_edge_to_where_the_button_is_changes_nothing() -> None:
    machine = GestureMachine(ONLY_LONG)
    assert machine.edge(0, pressed=False) == ()
    machine.edge(10, pressed=True)
    assert machine.edge(20, pressed=True) == ()
    assert machine.edge(30, pressed=False) == (SHORT,)
    assert machine.edge(40, pressed=False) == ()


def test_a_button_that_is_held_from_the_start_means_nothing() -> None:
    machine = GestureMachine(BOTH)
    machine.reset(pressed=True)
    assert machine.due_in(0) is None
    assert machine.edge(5000 * MS, pressed=False) == ()
    assert machine.edge(5100 * MS, pressed=True) == ()
    assert machine.due_in(5100 * MS) == 800 * MS


@given(
    st.sampled_from([NEITHER, ONLY_LONG, ONLY_DOUBLE, BOTH]),
    st.lists(st.integers(1, 2000), min_size=1, max_size=12),
    st.integers(0, WRAP - 1),
)
def test_every_press_is_in_exactly_one_gesture(
    timing: Timing, waits: list[int], start: int
) -> None:
    moments = [sum(waits[: index + 1]) for index in range(len(waits))]
    moments += [moments[-1] + 50] * (len(moments) % 2)
    gestures = meant(timing, *moments, start=start)
    presses = sum(2 if gesture is DOUBLE else 1 for gesture in gestures)
    assert presses == len(moments) // 2
