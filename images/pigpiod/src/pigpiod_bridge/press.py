"""The finger on a simulated button: what it does when, and doing it.

``plan`` is pure. Edges carry the time that they were planned for, as a kernel would stamp them,
so a busy machine changes nothing about a bounce.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pigpiod_bridge.clock import Clock
from pigpiod_bridge.lines import LineError
from pigpiod_bridge.simulated import SimulatedLines

MIN_HOLD: Final = 0.01
MAX_HOLD: Final = 60.0
GAP: Final = 150_000
BOUNCE: Final = (0, 300, 900, 1_800, 3_500)
"""When a bouncing contact changes, µs after it is first touched; an odd number of changes."""


@dataclass(frozen=True, slots=True)
class Press:
    """A press of ``gpio`` for ``hold`` seconds, ``times`` times, with a clean contact or not."""

    gpio: int
    hold: float = 0.1
    times: int = 1
    bounce: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """The contact closes (``down``) or opens ``after`` µs from the start."""

    after: int
    down: bool


def plan(press: Press) -> list[Step]:
    """Returns what the contact does, in order; it ends open."""
    hold = round(press.hold * 1_000_000)
    touches = BOUNCE if press.bounce else (0,)
    starts = [n * (hold + GAP) for n in range(press.times)]
    moves = [(start, True) for start in starts] + [(start + hold, False) for start in starts]
    return [
        Step(at + touch, down == (n % 2 == 0))
        for at, down in sorted(moves)
        for n, touch in enumerate(touches)
    ]


class Finger:
    """Presses buttons that connect simulated lines to ground."""

    def __init__(self, lines: SimulatedLines, clock: Clock) -> None:
        self._lines = lines
        self._clock = clock
        self._busy: set[int] = set()

    def press(self, press: Press, done: Callable[[], None]) -> None:
        """Begins to press and returns; calls ``done`` when the button is released for good.

        Raises:
            LineError: a press of this line is under way, or it would not show.
        """
        self._require_free(press.gpio)
        self._busy.add(press.gpio)
        start = self._clock.now()
        *steps, last = plan(press)
        for step in steps:
            self._schedule(step, press.gpio, start)
        self._schedule(last, press.gpio, start, lambda: self._finish(press.gpio, done))

    def _require_free(self, gpio: int) -> None:
        if gpio in self._busy:
            raise LineError(f"GPIO {gpio} is being pressed already")
        if self._lines.read(gpio) == 0:
            raise LineError(
                f"GPIO {gpio} is low already; the button connects it to ground, so a press shows"
                " only on a line that is high (pulled up)"
            )

    def _schedule(
        self, step: Step, gpio: int, start: int, then: Callable[[], None] = lambda: None
    ) -> None:
        at = start + step.after

        def move() -> None:
            # Somebody may have made the line an output meanwhile: then the finger is no short
            # circuit, it just does not show.
            with suppress(LineError):
                self._lines.drive(gpio, 0 if step.down else None, at)
            then()

        self._clock.call_at(at, move)

    def _finish(self, gpio: int, done: Callable[[], None]) -> None:
        self._busy.discard(gpio)
        done()
