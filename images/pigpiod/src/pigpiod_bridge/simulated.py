"""Lines without hardware: pins 0 to 27 as on the header of a Pi, and a finger to press them.

It keeps the rules of the real thing: an output does not follow the outside, a line without
resistor keeps its level, and pressing connects a line to ground, which only shows on a line that
is pulled up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pigpiod_bridge.clock import Clock
from pigpiod_bridge.lines import GPIO_COUNT, REPORTED_COUNT, Edge, LineError, Mode, Pull

HEADER_COUNT: Final = 28
REVISION: Final = 0xA02082
"""Raspberry Pi 3 Model B, a board that clients know."""


@dataclass(slots=True)
class _Pin:
    mode: Mode = Mode.INPUT
    pull: Pull = Pull.OFF
    latch: int = 0
    outside: int | None = None
    level: int = 0

    def settle(self) -> bool:
        """Finds the level anew and says whether it changed."""
        before, self.level = self.level, self._driven()
        return self.level != before

    def _driven(self) -> int:
        if self.mode is Mode.OUTPUT:
            return self.latch
        if self.outside is not None:
            return self.outside
        return self.level if self.pull is Pull.OFF else int(self.pull is Pull.UP)


def _new_pin(gpio: int) -> _Pin:
    on_header = gpio < HEADER_COUNT
    return _Pin(pull=Pull.UP if on_header else Pull.OFF, level=int(on_header))


class SimulatedLines:
    """GPIO lines in memory; edges are stamped by ``clock`` unless ``drive`` says otherwise."""

    revision = REVISION

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pins = [_new_pin(gpio) for gpio in range(GPIO_COUNT)]
        self._on_edge: Callable[[Edge], None] | None = None

    def mode(self, gpio: int) -> Mode:
        """Returns what the line is used for."""
        return self._pins[gpio].mode

    def set_mode(self, gpio: int, mode: Mode) -> None:
        """Uses the line for ``mode``."""
        self._pins[gpio].mode = mode
        self._settle(gpio)

    def set_pull(self, gpio: int, pull: Pull) -> None:
        """Chooses the line's resistor."""
        self._pins[gpio].pull = pull
        self._settle(gpio)

    def read(self, gpio: int) -> int:
        """Returns the level now."""
        return self._pins[gpio].level

    def write(self, gpio: int, level: int) -> None:
        """Makes the line an output at ``level``."""
        self._pins[gpio].latch = level
        self.set_mode(gpio, Mode.OUTPUT)

    def levels(self) -> int:
        """Returns the levels of GPIO 0 to 31."""
        return sum(pin.level << gpio for gpio, pin in enumerate(self._pins[:REPORTED_COUNT]))

    def debounce(self, gpio: int, steady: int) -> bool:  # noqa: ARG002 the wall's signature
        """Returns False: bounces are told as they are, for the bridge's filter to show itself."""
        return False

    def subscribe(self, on_edge: Callable[[Edge], None]) -> None:
        """Tells ``on_edge`` every change from now on."""
        self._on_edge = on_edge

    def close(self) -> None:
        """Tells nobody anything any more."""
        self._on_edge = None

    def drive(self, gpio: int, level: int | None, at: int | None = None) -> None:
        """Connects the outside of a line to a level, or to nothing (None), at ``at`` µs.

        Raises:
            LineError: the line is an output at the other level, so this would be a short circuit.
        """
        pin = self._pins[gpio]
        if level is not None and pin.mode is Mode.OUTPUT and pin.latch != level:
            raise LineError(f"GPIO {gpio} is an output at {pin.latch}: that would short it")
        pin.outside = level
        self._settle(gpio, at)

    def _settle(self, gpio: int, at: int | None = None) -> None:
        pin = self._pins[gpio]
        if pin.settle() and self._on_edge is not None:
            self._on_edge(Edge(gpio, pin.level, self._clock.now() if at is None else at))
