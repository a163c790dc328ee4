"""Time, behind a protocol, so that a test can be at any moment it likes."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_MINUTE = timedelta(minutes=1)


def next_minute(now: datetime) -> datetime:
    """Return the next full minute; in UTC, so that no change of daylight time matters."""
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    return (minute + _MINUTE).astimezone(now.tzinfo)


class Clock(Protocol):
    """Where Inkstand gets the time from."""

    def now(self) -> datetime:
        """Return the time now, aware, in the owner's time zone."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return at `moment` (aware), or earlier when the wall clock was set meanwhile.

        Whoever needs to know which of the two it was looks at now() again.
        """
        ...


class TimeSource(Protocol):
    """Knows whether the clock of this machine shows the right time."""

    @property
    def synchronised(self) -> bool:
        """Whether it does now; cheap to ask, from any thread."""
        ...

    async def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever `synchronised` has become another, until cancelled."""
        ...


class TrustedTime:
    """A clock that is always right, or that nobody can be asked about."""

    synchronised = True

    async def watch(self, changed: Callable[[], None]) -> None:  # noqa: ARG002 TimeSource
        """Wait until cancelled: it never changes."""
        await asyncio.get_running_loop().create_future()


class SystemClock:
    """The clock of this machine.

    Where Python knows timerfd (3.13), a sleep ends at the very moment the wall clock is set, by
    TFD_TIMER_CANCEL_ON_SET, see timerfd_create(2). Elsewhere it notices when the sleep ends.
    """

    def __init__(self, timezone: tzinfo) -> None:
        self._timezone = timezone

    def now(self) -> datetime:
        """Return the time now, aware, in the owner's time zone."""
        return datetime.now(self._timezone)

    async def sleep_until(self, moment: datetime) -> None:
        """Return at `moment` (aware), or earlier when the wall clock was set meanwhile."""
        timestamp = moment.timestamp()
        if timestamp <= time.time():
            await asyncio.sleep(0)
        else:
            await _sleep_until(timestamp)


if sys.version_info >= (3, 13):

    async def _sleep_until(timestamp: float) -> None:
        timer = os.timerfd_create(time.CLOCK_REALTIME, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)
        flags = os.TFD_TIMER_ABSTIME | os.TFD_TIMER_CANCEL_ON_SET
        try:
            os.timerfd_settime(timer, flags=flags, initial=timestamp)
            await _readable(timer)
        finally:
            os.close(timer)

else:

    async def _sleep_until(timestamp: float) -> None:
        await asyncio.sleep(timestamp - time.time())


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(descriptor, _resolve, ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when one of `waits` is over, and cancel the others; an error of it is raised."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def nudged_or(nudge: asyncio.Event, clock: Clock, moment: datetime | None) -> None:
    """Return when `nudge` is set, or at `moment` (aware, None: never), as sleep_until() does."""
    sleeps = [] if moment is None else [clock.sleep_until(moment)]
    await first_of(nudge.wait(), *sleeps)


class ManualClock:
    """A clock that stands still until it is told otherwise; for tests and demonstrations."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._moved = asyncio.Event()
        self._sleepers = 0
        self._sleeps = asyncio.Event()

    def now(self) -> datetime:
        """Return the time that was set."""
        return self._now

    def set(self, now: datetime) -> None:
        """Be at `now`; whoever sleeps wakes up, as when a wall clock is set."""
        self._now = now
        self._moved.set()
        self._moved = asyncio.Event()

    def advance(self, step: timedelta) -> None:
        """Go on by `step` of real time, across any change of daylight saving time."""
        self.set((self._now.astimezone(UTC) + step).astimezone(self._now.tzinfo))

    async def sleep_until(self, moment: datetime) -> None:
        """Return when the clock was moved, or at once when `moment` is not after now."""
        # Times of one zone compare by what the wall shows, which goes back once a year.
        if moment.timestamp() <= self._now.timestamp():
            await asyncio.sleep(0)
            return
        self._sleepers += 1
        self._sleeps.set()
        try:
            await self._moved.wait()
        finally:
            self._sleepers -= 1

    async def wait_for_sleeper(self) -> None:
        """Return when somebody sleeps by this clock."""
        while not self._sleepers:
            self._sleeps.clear()
            await self._sleeps.wait()
