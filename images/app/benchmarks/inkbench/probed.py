"""Inkstand with a watch on its event loop: SIGUSR1 writes the longest step so far, and forgets it.

`python -m inkbench.probed serve`; what is written goes to the file that BENCHMARK_STEPS names.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

from inkstand.cli import main

_RUN = asyncio.Handle._run  # noqa: SLF001 - there is no other place where all steps pass


class Longest:
    """The step that took longest: ms by the clock, and ms that the thread was at work in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._clock = self._work = 0.0

    def run(self, handle: asyncio.Handle) -> None:
        """Run a step of the loop."""
        begin, worked = time.perf_counter(), time.thread_time()
        _RUN(handle)
        self._clock = max(self._clock, time.perf_counter() - begin)
        self._work = max(self._work, time.thread_time() - worked)

    def tell(self, *_: object) -> None:
        """Write what was found to the file, at once, and begin anew."""
        found = {"clock": self._clock * 1000, "work": self._work * 1000}
        self._clock = self._work = 0.0
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(found))
        draft.replace(self._path)


if __name__ == "__main__":
    longest = Longest(Path(os.environ["BENCHMARK_STEPS"]))
    # A bound method would not be given the handle.
    asyncio.Handle._run = lambda handle: longest.run(handle)  # type: ignore[method-assign,assignment]  # noqa: SLF001, PLW0108
    signal.signal(signal.SIGUSR1, longest.tell)
    sys.exit(main())
