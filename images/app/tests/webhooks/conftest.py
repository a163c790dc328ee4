"""Webhooks that run by a clock of their own, and receivers of what they tell."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import webhooks as library

from images.app.tests.fetching.conftest import (  # noqa: F401 - fixtures
    certificate,
    names,
)
from images.app.tests.fetching.servers import NAME
from images.app.tests.webhooks.receiver import SECRET, Receiver
from inkstand.clock import ManualClock, TrustedTime
from inkstand.events import Hub
from inkstand.fetching.fetcher import Fetcher, Timeouts
from inkstand.messages import Message, State
from inkstand.messages.events import MessageChanged
from inkstand.webhooks import targets
from inkstand.webhooks.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from images.app.tests.fetching.servers import Certificate, Names
    from inkstand.webhooks.targets import Target

MORNING = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)


class HostTime(TrustedTime):
    """A clock of which we say whether it is right."""

    def __init__(self) -> None:
        self.synchronised = True
        self._told: list[Callable[[], None]] = []

    async def watch(self, changed: Callable[[], None]) -> None:
        self._told.append(changed)
        await super().watch(changed)

    def becomes_right(self) -> None:
        self.synchronised = True
        for changed in self._told:
            changed()


@dataclass
class House:
    """Where something happens, and who is told."""

    directory: Path
    clock: ManualClock
    make_fetcher: Callable[[Target], Fetcher]
    hub: Hub = field(default_factory=Hub)
    time: HostTime = field(default_factory=HostTime)

    def webhooks(self, *given: Target) -> Webhooks:
        return Webhooks(
            given,
            self.directory,
            hub=self.hub,
            clock=self.clock,
            time=self.time,
            fetcher=self.make_fetcher,
        )

    @contextlib.asynccontextmanager
    async def telling(self, *given: Target) -> AsyncIterator[Webhooks]:
        """Webhooks that run; what waits is kept when they end."""
        async with self.webhooks(*given) as made:
            task = asyncio.create_task(made.run())
            try:
                yield made
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def shows(self, *numbers: int) -> None:
        """Let messages with these ids come onto the glass."""
        for number in numbers:
            now = self.clock.now()
            message = Message(
                id=number, author="ada", text=f"Nr. {number}", at=now, state=State.SHOWN
            )
            self.hub.publish(MessageChanged(now, message, State.WAITING))

    @contextlib.asynccontextmanager
    async def time_flies(self, step: timedelta = timedelta(minutes=5)) -> AsyncIterator[None]:
        """Go on by `step` whenever somebody sleeps."""

        async def fly() -> None:
            while True:
                await self.clock.wait_for_sleeper()
                self.clock.advance(step)
                await asyncio.sleep(0)

        task = asyncio.create_task(fly())
        try:
            yield
        finally:
            task.cancel()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """By which the library that verifies signatures goes too."""
    clock = ManualClock(MORNING)

    class Now(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return clock.now().astimezone(tz)

    monkeypatch.setattr(library, "datetime", Now)
    return clock


@pytest.fixture
def house(
    tmp_path: Path,
    clock: ManualClock,
    names: Names,  # noqa: F811 - the fixture
) -> House:
    limits = Timeouts(connect=30, read=30, total=30)

    def fetcher(target: Target) -> Fetcher:
        return Fetcher(clock, authority=target.ca, timeouts=limits, resolve=names)

    return House(tmp_path, clock, fetcher)


@pytest.fixture
async def receive(
    certificate: Certificate,  # noqa: F811 - the fixture
) -> AsyncIterator[Callable[..., Awaitable[Receiver]]]:
    """Start receivers, which end with the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(answer: Callable[[], Any] = lambda: 200) -> Receiver:
            made = Receiver(answer)
            runner = await made.start(certificate.context)
            stack.push_async_callback(runner.cleanup)
            return made

        yield start


@pytest.fixture
def target(certificate: Certificate) -> Callable[..., Target]:  # noqa: F811 - the fixture
    """The target that leads to a receiver; keywords are what its table has."""

    def make(receiver: Receiver, name: str = "home", **table: Any) -> Target:
        url = f"https://{NAME}:{receiver.port}/hook"
        values = {"url": url, "secret": SECRET, "private": True, **table}
        return targets.read(name, values, certificate.pem.read_text())

    return make
