"""One suite for every implementation of ``Lines``; see ``IMPLEMENTATIONS`` for how to add one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from pigpiod_bridge.clock import ManualClock, Timer
from pigpiod_bridge.gpiochip import LABELS, GpioChipLines, open_chip
from pigpiod_bridge.lines import Edge, Lines, Mode, Pull
from pigpiod_bridge.simulated import SimulatedLines

pytestmark = pytest.mark.contract

GPIO = 22
STEADY = 10_000

Outside = Callable[[int, int | None], None]
"""Connects the outside of a line to 0, 1 or nothing, as a jumper would."""


class DebouncingLines(SimulatedLines):
    """Simulated lines that hold edges back themselves, as the kernel's debounce does."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self._kernel = clock
        self._steady: dict[int, int] = {}
        self._told: dict[int, int] = {}
        self._timers: dict[int, Timer] = {}
        self._listener: Callable[[Edge], None] | None = None
        super().subscribe(self._raw)

    def debounce(self, gpio: int, steady: int) -> bool:
        self._steady[gpio] = steady
        self._told[gpio] = self.read(gpio)
        return True

    def subscribe(self, on_edge: Callable[[Edge], None]) -> None:
        self._listener = on_edge

    def _raw(self, edge: Edge) -> None:
        if edge.gpio in self._timers:
            self._timers.pop(edge.gpio).cancel()
        due = edge.at + self._steady.get(edge.gpio, 0)
        if due <= self._kernel.now():
            self._tell(edge)
        else:
            late = Edge(edge.gpio, edge.level, due)
            self._timers[edge.gpio] = self._kernel.call_at(due, lambda: self._tell(late))

    def _tell(self, edge: Edge) -> None:
        if self._told.get(edge.gpio) != edge.level and self._listener is not None:
            self._told[edge.gpio] = edge.level
            self._listener(edge)


@dataclass(frozen=True)
class Made:
    """Lines, and the jumper to their outside."""

    lines: Lines
    outside: Outside


def _simulated(clock: ManualClock, _request: pytest.FixtureRequest) -> Made:
    lines = SimulatedLines(clock)
    return Made(lines, lines.drive)


def _debouncing(clock: ManualClock, _request: pytest.FixtureRequest) -> Made:
    lines = DebouncingLines(clock)
    return Made(lines, lines.drive)


def _gpiochip(clock: ManualClock, request: pytest.FixtureRequest) -> Made:
    fake, directory = request.getfixturevalue("fake_libgpiod"), request.getfixturevalue("tmp_path")
    board = fake.board(clock, directory, gpiochip0=LABELS[0])
    chip = open_chip(board.api, LABELS, directory)
    lines = GpioChipLines(board.api, chip, frozenset(range(32)), clock, board.watcher)
    return Made(lines, board.drive)


# Each makes lines over a clock and a jumper. The GPIO chip's are the real class over a kernel that
# is not; a kernel's own are tried on the virtual Pi and on a real one.
IMPLEMENTATIONS: dict[str, Callable[[ManualClock, pytest.FixtureRequest], Made]] = {
    "simulated": _simulated,
    "simulated, debouncing": _debouncing,
    "GPIO chip over a fake libgpiod": _gpiochip,
}


@pytest.fixture(params=IMPLEMENTATIONS)
def made(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[Made]:
    made = IMPLEMENTATIONS[request.param](clock, request)
    yield made
    made.lines.close()


@pytest.fixture
def lines(made: Made) -> Lines:
    return made.lines


@pytest.fixture
def outside(made: Made) -> Outside:
    return made.outside


@pytest.fixture
def edges(lines: Lines) -> list[Edge]:
    edges: list[Edge] = []
    lines.set_mode(GPIO, Mode.INPUT)
    lines.set_pull(GPIO, Pull.UP)
    lines.subscribe(edges.append)
    return edges


def test_a_pulled_up_input_is_high_and_a_pulled_down_one_low(lines: Lines) -> None:
    lines.set_mode(GPIO, Mode.INPUT)
    for pull in (Pull.UP, Pull.DOWN):
        lines.set_pull(GPIO, pull)
        assert lines.read(GPIO) == int(pull is Pull.UP)


def test_the_outside_is_stronger_than_the_resistor(lines: Lines, outside: Outside) -> None:
    lines.set_pull(GPIO, Pull.UP)
    outside(GPIO, 0)
    assert lines.read(GPIO) == 0
    outside(GPIO, None)
    assert lines.read(GPIO) == 1


def test_a_written_line_is_an_output_and_shows_what_was_written(lines: Lines) -> None:
    for level in (0, 1):
        lines.write(GPIO, level)
        assert (lines.mode(GPIO), lines.read(GPIO)) == (Mode.OUTPUT, level)


def test_an_output_that_becomes_an_input_is_let_go(lines: Lines) -> None:
    lines.set_pull(GPIO, Pull.UP)
    lines.write(GPIO, 0)
    lines.set_mode(GPIO, Mode.INPUT)
    assert (lines.mode(GPIO), lines.read(GPIO)) == (Mode.INPUT, 1)


def test_levels_are_what_reading_each_line_gives(lines: Lines, outside: Outside) -> None:
    outside(GPIO, 0)
    assert [lines.levels() >> gpio & 1 for gpio in range(32)] == [
        lines.read(gpio) for gpio in range(32)
    ]
    assert lines.levels() < 1 << 32


def test_every_change_is_told_once_with_its_time(
    lines: Lines, outside: Outside, edges: list[Edge], clock: ManualClock
) -> None:
    outside(GPIO, 0)
    clock.advance(50_000)
    outside(GPIO, 0)
    outside(GPIO, None)
    assert edges == [Edge(GPIO, 0, 100_000), Edge(GPIO, 1, 150_000)]


def test_a_change_by_mode_or_resistor_is_told_too(lines: Lines, edges: list[Edge]) -> None:
    lines.write(GPIO, 0)
    lines.set_mode(GPIO, Mode.INPUT)
    lines.set_pull(GPIO, Pull.DOWN)
    assert [edge.level for edge in edges] == [0, 1, 0]


def test_debounced_edges_are_held_back_exactly_when_the_lines_say_they_do_it(
    lines: Lines, outside: Outside, edges: list[Edge], clock: ManualClock
) -> None:
    by_themselves = lines.debounce(GPIO, STEADY)
    outside(GPIO, 0)
    clock.advance(1_000)
    outside(GPIO, None)
    clock.advance(STEADY)
    outside(GPIO, 0)
    clock.advance(STEADY)
    end_of_stable_time = [Edge(GPIO, 0, 100_000 + 1_000 + 2 * STEADY)]
    as_they_come = [
        Edge(GPIO, level, at) for level, at in ((0, 100_000), (1, 101_000), (0, 111_000))
    ]
    assert edges == (end_of_stable_time if by_themselves else as_they_come)


def test_closed_lines_tell_nothing_and_close_twice(
    lines: Lines, outside: Outside, edges: list[Edge]
) -> None:
    lines.close()
    lines.close()
    outside(GPIO, 0)
    assert edges == []


def test_the_revision_is_a_number_that_fits_an_answer(lines: Lines) -> None:
    assert 0 <= lines.revision < 1 << 31
