"""One thread for everything that may block on the panel."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from inkstand.errors import PanelTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable


_T = TypeVar("_T")


class PanelThread:
    """Runs jobs one after the other in a thread of its own.

    The thread is a daemon: a driver that never answers must not keep the process from ending.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._turn = asyncio.Lock()
        self._running: concurrent.futures.Future[Any] | None = None
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether somebody is waiting for a job now."""
        return self._turn.locked()

    async def run(self, job: Callable[[], _T], timeout: float) -> _T:  # noqa: ASYNC109
        """Return what `job` returns, or raise what it raises.

        Raises:
            PanelTimeoutError: it took longer than `timeout` seconds, or an earlier job that took
                too long still hangs.
        """
        async with self._turn:
            if self._running is not None and not self._running.done():
                raise PanelTimeoutError("the driver still does not answer")
            future = self._submit(job)
            done, _ = await asyncio.wait([_awaitable(future)], timeout=timeout)
        if not done:
            raise PanelTimeoutError(f"the driver did not answer for {timeout:g} s")
        return future.result()

    def settle(self, timeout: float) -> None:
        """Block until the job in progress has ended, at most `timeout` seconds."""
        if self._running is not None:
            concurrent.futures.wait([self._running], timeout)

    def _submit(self, job: Callable[[], _T]) -> concurrent.futures.Future[_T]:
        future: concurrent.futures.Future[_T] = concurrent.futures.Future()
        self._running = future
        self._start()
        self._jobs.put(lambda: _fulfil(future, job))
        return future

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="panel", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            self._jobs.get()()


def _awaitable(future: concurrent.futures.Future[_T]) -> asyncio.Future[_T]:
    waiter = asyncio.wrap_future(future)
    # A job that ends after its time-out must not be reported as forgotten.
    waiter.add_done_callback(lambda done: done.cancelled() or done.exception())
    return waiter


def _fulfil(future: concurrent.futures.Future[_T], job: Callable[[], _T]) -> None:
    try:
        future.set_result(job())
    except BaseException as error:  # noqa: BLE001 - it is raised again where it is awaited
        future.set_exception(error)
