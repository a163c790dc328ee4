"""Links by which somebody may send a few messages a day, and nothing else."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from inkstand.accounts import people_table
from inkstand.accounts.attempts import address_bucket
from inkstand.accounts.invitations import digest_of
from inkstand.accounts.model import Guest
from inkstand.errors import DailyLimitError, GuestNotFoundError, PeopleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, timedelta

    from inkstand.accounts.attempts import Attempts
    from inkstand.accounts.model import Visitor
    from inkstand.accounts.people import People
    from inkstand.storage.database import Database

MOST = 20
_SECRET_BYTES = 32


class Guests:
    """Those links that are good, looked up by the hash of their secret, and written through.

    That of somebody who may make none any more is as unknown as one that never was.
    `now` gives seconds since 1970.
    """

    def __init__(
        self,
        people: People,
        attempts: Attempts,
        database: Database,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._people = people
        self._attempts = attempts
        self._database = database
        self._now = now
        self._good: dict[str, Guest] = {}

    async def load(self) -> None:
        """Read those that there are.

        Raises:
            StorageError: that cannot be done.
        """
        found = await self._database.run(people_table.load_guests)
        self._good = {guest.digest: guest for guest in found}

    def all(self) -> tuple[Guest, ...]:
        """Return those that are good, the first to end first."""
        return tuple(filter(self._is_good, self._good.values()))

    async def make(
        self, name: str, lifetime: timedelta, a_day: int, maker: str
    ) -> tuple[str, Guest]:
        """Return the secret of a new link by `maker`, which is not kept, and what is kept.

        Raises:
            PeopleError: there are too many.
            StorageError: it cannot be kept.
        """
        self._good = {guest.digest: guest for guest in self.all()}
        if len(self._good) >= MOST:
            raise PeopleError(f"There are {MOST} links for guests; revoke one")
        secret, now = secrets.token_urlsafe(_SECRET_BYTES), int(self._now())
        expires = now + int(lifetime.total_seconds())
        new = Guest(digest=digest_of(secret), name=name, expires=expires, a_day=a_day, maker=maker)
        await self._database.write(partial(people_table.add_guest, new=new, now=now))
        self._good[new.digest] = new
        return secret, new

    async def revoke(self, guest_id: str) -> None:
        """Make a link worthless.

        Raises:
            GuestNotFoundError: there is none with that id.
            StorageError: it cannot be removed; nothing has happened.
        """
        found = next((guest for guest in self.all() if guest.id == guest_id), None)
        if found is None:
            raise GuestNotFoundError
        await self._database.write(partial(people_table.remove_guest, digest=found.digest))
        self._good.pop(found.digest, None)

    def look(self, secret: str, visitor: Visitor) -> Guest:
        """Return the link with that secret; who guesses has to wait like for passwords.

        Raises:
            GuestNotFoundError: there is none that is good.
            TooManyAttemptsError: too many were wrong from there.
        """
        bucket = address_bucket(visitor)
        self._attempts.check(bucket)
        found = self._good.get(digest_of(secret))
        if found is None or not self._is_good(found):
            self._attempts.failed(bucket)
            raise GuestNotFoundError
        return found

    async def use(self, guest: Guest, today: date, retry_after: int) -> Guest:
        """Count one message of `today`, and return what the link is then.

        Raises:
            DailyLimitError: it was used often enough; `retry_after` is told.
            StorageError: it cannot be counted.
        """
        if guest.left(today) <= 0:
            raise DailyLimitError(guest.a_day, retry_after)
        used = replace(guest, day=today.isoformat(), sent=guest.a_day - guest.left(today) + 1)
        # Before it is written: of two at a time each counts.
        self._good[guest.digest] = used
        await self._database.write(partial(people_table.use_guest, guest=used))
        return used

    def _is_good(self, guest: Guest) -> bool:
        return self._people.may_invite(guest.maker) and guest.expires > self._now()
