"""Ends the process when its event loop stands still: whoever runs it then starts it anew."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import os
import sys
import threading
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_LOG = logging.getLogger(__name__)
_TICK = 1.0
# Ticks that the loop may miss. They are counted, not measured: a process that was stopped, or a
# machine that slept, has missed one.
_MAX_MISSED = 8
# Code that never gives up the interpreter's lock stops the watching thread as well. A timer in C
# sees that, and says where every thread stands.
_LOCKED_TIMEOUT = 9.0


@contextlib.asynccontextmanager
async def watched_loop() -> AsyncIterator[None]:
    """End the process with exit code 70 when the running loop has no turn for 8 s in the block."""
    watchdog = _Watchdog()
    beating = asyncio.create_task(_beat(watchdog))
    _watch_the_lock()
    watchdog.start()
    try:
        yield
    finally:
        watchdog.stop()
        beating.cancel()


async def _beat(watchdog: _Watchdog) -> None:
    while True:
        watchdog.beats += 1
        await asyncio.sleep(_TICK)


def _watch_the_lock() -> None:
    """Begin anew to wait for code that keeps the interpreter's lock."""
    faulthandler.dump_traceback_later(_LOCKED_TIMEOUT, exit=True, file=2)


class _Watchdog(threading.Thread):
    """Counts how many ticks have passed without a beat."""

    def __init__(self) -> None:
        super().__init__(name="loop-watchdog", daemon=True)
        self.beats = 0
        self._loop_thread = threading.get_ident()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped.set()
        self.join()

    def run(self) -> None:
        missed, seen = 0, -1
        while not self._stopped.wait(_TICK):
            # It takes a thread, of which the Pi may have no more just now.
            with contextlib.suppress(RuntimeError):
                _watch_the_lock()
            missed = missed + 1 if self.beats == seen else 0
            seen = self.beats
            if missed >= _MAX_MISSED:
                self._end(missed * _TICK)
        faulthandler.cancel_dump_traceback_later()

    def _end(self, seconds: float) -> None:
        frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001 - the documented way
        where = "".join(traceback.format_stack(frame))
        _LOG.critical(
            "the event loop has stood still for %g s, ending to be started anew; it is at\n%s",
            seconds,
            where,
        )
        os._exit(os.EX_SOFTWARE)
