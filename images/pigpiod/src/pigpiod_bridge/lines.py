"""The wall between the protocol and the hardware: what a set of GPIO lines can do.

Nothing else knows whether a GPIO chip, a simulator or a test is behind it. Every implementation
is given the same tests (``tests/test_lines_contract.py``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol

GPIO_COUNT: Final = 54
"""GPIO numbers are 0 to 53; only the first 32 have reports, filters and watchdogs."""

REPORTED_COUNT: Final = 32


class Mode(IntEnum):
    """What a line is used for; the numbers are the SoC's function codes."""

    INPUT = 0
    OUTPUT = 1
    ALT5 = 2
    ALT4 = 3
    ALT0 = 4
    ALT1 = 5
    ALT2 = 6
    ALT3 = 7


class Pull(IntEnum):
    """The resistor of a line."""

    OFF = 0
    DOWN = 1
    UP = 2


@dataclass(frozen=True, slots=True)
class Edge:
    """A line changed to ``level`` at ``at`` µs of CLOCK_MONOTONIC, perhaps a little while ago."""

    gpio: int
    level: int
    at: int


class LineError(OSError):
    """The lines refuse: the hardware cannot do it, or somebody else has the line."""


class Lines(Protocol):
    """GPIO lines 0 to 53. Callers pass valid numbers only; methods do not block."""

    revision: int
    """The board's revision code, 0 when unknown."""

    def mode(self, gpio: int) -> Mode:
        """Returns what the line is used for."""

    def set_mode(self, gpio: int, mode: Mode) -> None:
        """Uses the line for ``mode``; an output shows the last level written to it.

        Raises:
            LineError: it cannot be used so.
        """

    def set_pull(self, gpio: int, pull: Pull) -> None:
        """Chooses the line's resistor.

        Raises:
            LineError: the line has no such resistor.
        """

    def read(self, gpio: int) -> int:
        """Returns the level now, 0 or 1; lines that debounce may give the last stable one.

        Raises:
            LineError: the line cannot be read without taking it from somebody else.
        """

    def write(self, gpio: int, level: int) -> None:
        """Makes the line an output at ``level``.

        Raises:
            LineError: it cannot be an output.
        """

    def levels(self) -> int:
        """Returns the levels of GPIO 0 to 31, bit n for GPIO n, as ``read`` gives them, else 0."""

    def debounce(self, gpio: int, steady: int) -> bool:
        """Asks the lines to hold back edges until a level was stable for ``steady`` µs, 0 = off.

        Returns True when they do (the kernel's debounce: ``Edge.at`` is then the end of the
        stable time), False when the caller has to.
        """

    def subscribe(self, on_edge: Callable[[Edge], None]) -> None:
        """Tells ``on_edge`` every change of ``levels()`` from now on, in order, from the loop."""

    def close(self) -> None:
        """Gives the lines back; ``on_edge`` is not called again. May be called twice."""
