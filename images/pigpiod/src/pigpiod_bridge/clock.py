"""Time as something that is handed in, so that no test has to wait for it.

All times are whole microseconds of ``CLOCK_MONOTONIC``: the clock that asyncio uses and that the
kernel stamps GPIO edges with. They do not wrap here; only the wire's ticks do.
"""

import heapq
import itertools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio  # heavy, and not needed by the commands that only talk to a bridge


class Timer(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None:
        """Makes the call not happen; harmless when it did already."""


class Clock(Protocol):
    """What time it is, and a call at a time."""

    def now(self) -> int:
        """Returns the time in µs."""

    def call_at(self, when: int, callback: Callable[[], None]) -> Timer:
        """Calls ``callback`` once at ``when`` µs or soon after; earlier times go first."""


class LoopClock:
    """The machine's monotonic clock; calls come from the asyncio loop."""

    def __init__(self, loop: "asyncio.AbstractEventLoop") -> None:
        self._loop = loop

    def now(self) -> int:
        """Returns the time in µs."""
        return time.monotonic_ns() // 1000

    def call_at(self, when: int, callback: Callable[[], None]) -> Timer:
        """Calls ``callback`` from the loop."""
        return self._loop.call_at(when / 1_000_000, callback)


class _ManualTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None

    def fire(self) -> None:
        callback, self.callback = self.callback, None
        if callback is not None:
            callback()


class ManualClock:
    """A clock that stands still until somebody moves it; for tests."""

    def __init__(self, now: int = 0) -> None:
        self._now = now
        self._order = itertools.count()
        self._timers: list[tuple[int, int, _ManualTimer]] = []

    def now(self) -> int:
        """Returns the time in µs."""
        return self._now

    def call_at(self, when: int, callback: Callable[[], None]) -> Timer:
        """Calls ``callback`` when ``advance`` passes ``when``."""
        timer = _ManualTimer(callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    def advance(self, microseconds: int) -> None:
        """Moves the time on and makes the calls that fall due, each at its own time."""
        end = self._now + microseconds
        while self._timers and self._timers[0][0] <= end:
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            timer.fire()
        self._now = end
