"""A button that exists in memory only, for demonstrations and tests."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from inkstand.button.base import OK, Reporter
from inkstand.button.gesture import Timing

if TYPE_CHECKING:
    from inkstand.clock import Clock
    from inkstand.events import Hub

_HELD = 0.1
_BETWEEN = 0.1


class MemoryButton:
    """A button that press() presses. As with a real one, nobody feels it unless it runs.

    All methods are for the event loop's thread and return at once: the time that a press takes is
    in its ticks.
    """

    def __init__(self, clock: Clock, hub: Hub, timing: Timing = Timing()) -> None:  # noqa: B008 frozen
        self._reporter = Reporter(clock, hub, timing)
        self._running = False
        self._reason: str | None = None
        self._tick = 0

    @property
    def state(self) -> str:
        """`ok`, or one sentence that says why nobody can press it."""
        return self._reporter.state

    async def run(self) -> None:
        """Watch the button until cancelled."""
        self._running = True
        self._tell()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._running = False
            self._reporter.stops()

    def press(self, held: float = _HELD, times: int = 1) -> None:
        """Press it that many times, holding it for `held` seconds each time."""
        self._tick = max(self._tick, time.monotonic_ns() // 1000)
        for _ in range(times):
            self._edge(_BETWEEN, pressed=True)
            self._edge(held, pressed=False)

    def fail(self, reason: str) -> None:
        """Be out of order from now on."""
        self._reason = reason
        self._tell()

    def heal(self) -> None:
        """Be in order again."""
        self._reason = None
        self._tell()

    def _tell(self) -> None:
        if not self._running:
            return
        if self._reason is None:
            self._reporter.works()
        else:
            self._reporter.fails(self._reason)

    def _edge(self, after: float, *, pressed: bool) -> None:
        self._tick += int(after * 1e6)
        if self.state == OK and self._running:
            self._reporter.edge(self._tick & 0xFFFF_FFFF, pressed=pressed)
