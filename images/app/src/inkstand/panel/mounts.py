"""Tells when something is mounted or unmounted, without polling."""

from __future__ import annotations

import asyncio
import contextlib
import select
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOUNTS = Path("/proc/self/mountinfo")


async def watch(changed: Callable[[], None]) -> None:
    """Call `changed` whenever the mounts this process sees have changed, until cancelled.

    The kernel marks the file with POLLPRI then, see proc_pid_mountinfo(5). Returns at once where
    there is no such file.
    """
    with _open_poll() as poll:
        if poll is not None:
            await _forward(poll, changed)


@contextlib.contextmanager
def _open_poll() -> Iterator[select.epoll | None]:
    if not _MOUNTS.exists():
        yield None
        return
    with _MOUNTS.open("rb") as file, select.epoll() as poll:
        # The file is always readable; only a poll of its own can wait for POLLPRI alone.
        poll.register(file, select.EPOLLPRI)
        yield poll


async def _forward(poll: select.epoll, changed: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()

    def ready() -> None:
        poll.poll(0)
        changed()

    loop.add_reader(poll.fileno(), ready)
    try:
        await loop.create_future()
    finally:
        loop.remove_reader(poll.fileno())
