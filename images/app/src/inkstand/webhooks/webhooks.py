"""Takes down what happens before anybody is told, and has it told to the targets."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from inkstand.errors import StorageError, WebhookNotFoundError
from inkstand.events import PanelChanged
from inkstand.storage.database import Database
from inkstand.webhooks import payloads, table
from inkstand.webhooks.courier import DISK_RETRY, Courier
from inkstand.webhooks.targets import TEST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from inkstand.clock import Clock, TimeSource
    from inkstand.events import Event, Hub
    from inkstand.fetching.fetcher import Fetcher
    from inkstand.webhooks.payloads import Notification
    from inkstand.webhooks.table import Delivery, Known
    from inkstand.webhooks.targets import Target

_LOG = logging.getLogger(__name__)
# What may happen while the disk does not take it; a notification of each is some hundred bytes.
_BACKLOG = 1000


@dataclass(frozen=True, slots=True)
class Told:
    """A target, how it is (`ok`, or what is wrong, in one sentence), and what became of the last.

    `lost` counts what never came into the queue, since the disk was not to be written for long.
    """

    target: Target
    state: str
    known: Known
    lost: int


class Webhooks:
    """Tells `targets` what happens; what waits for them is kept in `directory`.

    `fetcher` makes what posts to a target, None: as it trusts authorities.
    """

    def __init__(  # noqa: PLR0913 - whom it serves, and by what
        self,
        targets: Sequence[Target],
        directory: Path,
        *,
        hub: Hub,
        clock: Clock,
        time: TimeSource,
        fetcher: Callable[[Target], Fetcher] | None = None,
    ) -> None:
        self._path = directory / table.NAME
        self._database = Database("webhooks", lambda error: table.translate(error, directory))
        self._clock = clock
        self._time = time
        self._couriers = {
            each.name: Courier(each, self._database, clock, time, hub, fetcher and fetcher(each))
            for each in targets
        }
        self._hub = hub
        self._panel: str | None = None
        self._open = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the database, and listen from now on.

        Raises:
            StorageError: that cannot be done.
        """
        async with contextlib.AsyncExitStack() as stack:
            await self._database.open(partial(table.connect, self._path))
            stack.push_async_callback(self._database.close)
            digests = {each.target.name: _digest(each.target) for each in self._couriers.values()}
            await self._database.write(partial(table.know, digests=digests))
            for each in self._couriers.values():
                await each.open()
            self._listener = stack.enter_context(self._hub.listen(_BACKLOG, payloads.KINDS))
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the database."""
        await self._open.aclose()

    async def run(self) -> None:
        """Take down what happens and tell it, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._time.watch(self._nudge))
            for courier in self._couriers.values():
                group.create_task(courier.run())
            async for event in self._listener:
                await self._take(event)

    @property
    def states(self) -> Mapping[str, str]:
        """How each target is, by name: `ok`, or one sentence that says what is wrong."""
        return {name: courier.state for name, courier in self._couriers.items()}

    async def told(self) -> list[Told]:
        """Return each target, and what became of what it was told.

        Raises:
            StorageError: it cannot be read.
        """
        lost = self._listener.lost
        return [
            Told(each.target, each.state, await each.known(), lost)
            for each in self._couriers.values()
        ]

    async def test(self, name: str) -> Delivery:
        """Send a target a notification of no event, now, and return how it was taken.

        Raises:
            WebhookNotFoundError: there is no such target.
            StorageError: how it went cannot be kept.
        """
        if name not in self._couriers:
            raise WebhookNotFoundError(name)
        told = payloads.make(_new_id(), TEST, self._clock.now(), {"target": name})
        return await self._couriers[name].try_out(told)

    async def _take(self, event: Event) -> None:
        if isinstance(event, PanelChanged):
            # It is told anew for each refresh that fails.
            before, self._panel = self._panel, event.reason
            if event.reason is not None and event.reason == before:
                return
        told = payloads.notification(_new_id(), event)
        wanted = told and [
            name for name, it in self._couriers.items() if told.event in it.target.events
        ]
        if told and wanted:
            await self._keep(told, wanted)

    async def _keep(self, told: Notification, names: list[str]) -> None:
        """Write it down, as soon as the disk lets us."""
        job = partial(table.add, names=names, told=told, timed=self._time.synchronised)
        while True:
            try:
                await self._database.write(job)
            except StorageError as error:
                _LOG.warning("%s", error)
                await self._clock.sleep_until(self._clock.now() + DISK_RETRY)
            else:
                self._nudge()
                return

    def _nudge(self) -> None:
        for courier in self._couriers.values():
            courier.nudge()


def _new_id() -> str:
    return f"msg_{secrets.token_hex(12)}"


def _digest(target: Target) -> str:
    """Return what becomes another with the address or the secret, and gives neither away."""
    return hashlib.sha256(target.secret + target.url.encode()).hexdigest()
