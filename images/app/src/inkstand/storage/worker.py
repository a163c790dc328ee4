"""A thread that serves what it is asked in batches, and sleeps when it is not asked."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_R = TypeVar("_R")
# A batch is one commit; larger ones are not faster, and make the first of them wait.
_LARGEST_BATCH = 128


class Worker(Generic[_R]):
    """Hands requests to `serve` in its thread, as many together as have come meanwhile.

    `serve` returns one outcome for each request, in order; an exception is raised where the request
    was made. The thread is a daemon: a disk that never answers must not keep the process alive.
    """

    def __init__(self, name: str, serve: Callable[[Sequence[_R]], Sequence[Any]]) -> None:
        self._serve = serve
        self._loop = asyncio.get_running_loop()
        self._requests: queue.SimpleQueue[tuple[asyncio.Future[Any], _R] | None]
        self._requests = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def ask(self, request: _R) -> Any:
        """Return what `serve` returns for `request`, or raise it when it is an exception."""
        if self._closed:
            raise RuntimeError("the worker was stopped")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._requests.put((future, request))
        return await future

    async def stop(self) -> None:
        """Finish what was asked for, and end the thread."""
        self._closed = True
        self._requests.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        while batch := self._next_batch():
            futures, requests = zip(*batch, strict=True)
            outcomes = self._outcomes(requests)
            # The loop is closed when the process ends; then nobody waits for an answer.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(_deliver, futures, outcomes)

    def _next_batch(self) -> list[tuple[asyncio.Future[Any], _R]]:
        batch: list[tuple[asyncio.Future[Any], _R]] = []
        item = self._requests.get()
        while item is not None:
            batch.append(item)
            if len(batch) == _LARGEST_BATCH or self._requests.empty():
                return batch
            item = self._requests.get()
        if batch:
            self._requests.put(None)
        return batch

    def _outcomes(self, requests: Sequence[_R]) -> Sequence[Any]:
        try:
            return self._serve(requests)
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is awaited
            return [error] * len(requests)


def _deliver(futures: Sequence[asyncio.Future[Any]], outcomes: Sequence[Any]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
