"""The lines, the monitor over them and the one timer that it needs."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager

from pigpiod_bridge.clock import Clock, Timer
from pigpiod_bridge.lines import REPORTED_COUNT, Edge, Lines
from pigpiod_bridge.monitor import Monitor


class Bridge:
    """What all connections share.

    Args:
        lines: the hardware.
        clock: the time that ``Edge.at`` is given in.
        permitted: the GPIO that clients may change; all can be read.
    """

    def __init__(self, lines: Lines, clock: Clock, permitted: AbstractSet[int]) -> None:
        self.lines = lines
        self.permitted = permitted
        self.monitor = Monitor(lines.levels())
        self._clock = clock
        self._timer: Timer | None = None
        lines.subscribe(self._edge)

    def now(self) -> int:
        """Returns the time in µs."""
        return self._clock.now()

    @contextmanager
    def changing(self) -> Iterator[int]:
        """Gives the time for a change of the monitor, when all that was due before it is done."""
        now = self._clock.now()
        self.monitor.advance(now)
        yield now
        self._set_timer()

    def close(self) -> None:
        """Stops the timer and gives the lines back."""
        self._stop_timer()
        self.lines.close()

    def _edge(self, edge: Edge) -> None:
        if edge.gpio < REPORTED_COUNT:
            self.monitor.edge(edge.gpio, edge.level, edge.at)
            self._set_timer()

    def _expired(self) -> None:
        self.monitor.advance(self._clock.now())
        self._set_timer()

    def _set_timer(self) -> None:
        self._stop_timer()
        due = self.monitor.next_due()
        self._timer = None if due is None else self._clock.call_at(due, self._expired)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
