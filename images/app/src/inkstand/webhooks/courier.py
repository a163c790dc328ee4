"""Brings what waits for one target there, one after the other, until it is taken or too old."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from inkstand.clock import nudged_or
from inkstand.errors import FetchError, StorageError
from inkstand.events import WebhookChanged
from inkstand.fetching.fetcher import Fetcher, PostRequest
from inkstand.fetching.schedule import MAX_RETRY_AFTER
from inkstand.webhooks import payloads, table
from inkstand.webhooks.table import Delivery, Outcome

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from inkstand.clock import Clock, TimeSource
    from inkstand.events import Hub
    from inkstand.storage.database import Database
    from inkstand.webhooks.payloads import Notification
    from inkstand.webhooks.table import Known
    from inkstand.webhooks.targets import Target

_LOG = logging.getLogger(__name__)
# How long a target has to fail before people are told.
LONG = timedelta(hours=1)
# When to try again what the disk would not take.
DISK_RETRY = timedelta(seconds=10)
_OK = "ok"


class Courier:
    """Knows how one target is, and sends what its queue in the database has.

    Nothing is sent before the time is right, for a receiver would refuse it as too old.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - whom it serves, and by what
        self,
        target: Target,
        database: Database,
        clock: Clock,
        time: TimeSource,
        hub: Hub,
        fetcher: Fetcher | None = None,
    ) -> None:
        self.target = target
        self._database = database
        self._clock = clock
        self._time = time
        self._hub = hub
        self._fetcher = fetcher or Fetcher(clock, authority=target.ca)
        self._nudge = asyncio.Event()
        self._failures = 0
        self._failing_since: datetime | None = None
        self._next_try = clock.now()
        self._unwritten: tuple[Delivery, int] | None = None
        self.state = _OK

    def nudge(self) -> None:
        """Look again what there is to be sent."""
        self._nudge.set()

    async def run(self) -> None:
        """Send what waits, whenever something does, until cancelled."""
        while True:
            self._nudge.clear()
            try:
                moment = await self._work()
            except StorageError as error:
                _LOG.warning("%s", error)
                moment = self._clock.now() + DISK_RETRY
            await nudged_or(self._nudge, self._clock, moment)

    async def try_out(self, told: Notification) -> Delivery:
        """Send a notification past the queue, which goes on at once if it is taken.

        Raises:
            StorageError: how it went cannot be written down.
        """
        delivery, _ = await self._send(told)
        if delivery.outcome is Outcome.FAILED:
            delivery = replace(delivery, outcome=Outcome.GIVEN_UP)
        await self._keep(delivery, None)
        self._follow(delivery)
        self.nudge()
        return delivery

    async def open(self) -> None:
        """Be as the target was before a restart.

        Raises:
            StorageError: it cannot be read.
        """
        if (await self.known()).gone_at is not None:
            self.state = self._gone

    async def known(self) -> Known:
        """Return what is written down of the target.

        Raises:
            StorageError: it cannot be read.
        """
        return await self._database.run(partial(table.known, name=self.target.name))

    async def _work(self) -> datetime | None:
        """Send what is due, and return when there is more to do; None: when nudged."""
        await self._write_down()
        now = self._clock.now()
        if not self._time.synchronised:
            return None
        # A clock that was set back by a year is nothing to wait for.
        if timedelta() < self._next_try - now <= MAX_RETRY_AFTER:
            return self._next_try
        head = await self._head(now)
        if head is None:
            return None
        delivery, asked_for = await self._send(head.told)
        self._unwritten = delivery, head.number
        self._follow(delivery, asked_for)
        await self._write_down()
        return self._next_try

    async def _head(self, now: datetime) -> table.Waiting | None:
        def read(connection: sqlite3.Connection) -> table.Waiting | None:
            with self._database.transaction():
                return table.head(connection, self.target.name, now)

        return await self._database.run(read)

    async def _write_down(self) -> None:
        # What was delivered and cannot be written down is not sent again for that.
        if self._unwritten is not None:
            await self._keep(*self._unwritten)
            self._unwritten = None

    async def _keep(self, delivery: Delivery, number: int | None) -> None:
        name = self.target.name
        await self._database.write(partial(table.keep, name=name, delivery=delivery, number=number))

    async def _send(self, told: Notification) -> tuple[Delivery, timedelta | None]:
        """Post it once, and return how that went and how long to wait, if the target said that."""
        now, target = self._clock.now(), self.target
        headers = payloads.headers(target.secret, told, now)
        request = PostRequest(target.url, headers, told.body, target.private)
        try:
            posted = await self._fetcher.post(request)
        except FetchError as error:
            return _delivery(told, now, None, str(error)), error.retry_after
        return _delivery(told, now, posted.status, None), posted.retry_after

    def _follow(self, delivery: Delivery, asked_for: timedelta | None = None) -> None:
        match delivery.outcome:
            case Outcome.DELIVERED:
                self._failures, self._failing_since = 0, None
                self._next_try = self._clock.now()
                self._is(_OK)
            case Outcome.GONE:
                self._is(self._gone)
            case Outcome.FAILED:
                self._has_failed(delivery, asked_for)

    def _has_failed(self, delivery: Delivery, asked_for: timedelta | None) -> None:
        now = self._clock.now()
        self._failures += 1
        self._failing_since = self._failing_since or now
        # Not for security, but so that many do not ask at the same moment.
        chance = random.random()  # noqa: S311
        self._next_try = now + payloads.wait(self._failures, chance, asked_for)
        if now - self._failing_since >= LONG:
            self._is(delivery.problem or f"{self.target.host} answered {delivery.status}")

    @property
    def _gone(self) -> str:
        return (
            f"{self.target.host} wants nothing any more (410 Gone); a test that it takes, or "
            "another url, starts it again"
        )

    def _is(self, state: str) -> None:
        if state != self.state:
            self.state = state
            reason = None if state == _OK else state
            self._hub.publish(WebhookChanged(self._clock.now(), self.target.name, reason))


def _delivery(
    told: Notification, now: datetime, status: int | None, problem: str | None
) -> Delivery:
    outcome = Outcome.FAILED
    if status == HTTPStatus.GONE:
        outcome = Outcome.GONE
    elif status is not None and HTTPStatus(200) <= status < HTTPStatus(300):
        outcome = Outcome.DELIVERED
    return Delivery(told.id, told.event, told.at, now, 1, status, problem, outcome)
