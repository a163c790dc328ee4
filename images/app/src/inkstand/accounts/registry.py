"""The tokens that are good now: looked up in memory, and written through to a database."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from inkstand.accounts import table
from inkstand.accounts.model import Kind, Principal
from inkstand.errors import StorageError
from inkstand.storage.database import Database

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future
    from pathlib import Path

    from inkstand.accounts.model import TokenRecord

_LOG = logging.getLogger(__name__)
# How old a last use in the database may be: not each request is worth a commit. Seconds.
_USE_INTERVAL = 600
# When to try again to remove what a full disk kept: seconds.
_RETRY_INTERVAL = 60.0
# So many sessions may one program have; a job that logs in each time would pile them up.
_MAX_SESSIONS = 100


@dataclass(slots=True, eq=False)
class Entry:
    """A token that was good when it was looked up; `ends` says whether it is now.

    `used` is when it was used last, `written` the last use that was given to the database: seconds.
    """

    record: TokenRecord
    by_header: Principal
    by_cookie: Principal
    ends: float
    used: float
    written: float

    @property
    def present(self) -> TokenRecord:
        """The record with the last use."""
        return replace(self.record, used=int(self.used)) if self.used else self.record


class TokenRegistry:
    """Knows all tokens that are good, and keeps them in `directory`, which has to be there.

    One that comes or goes is on the disk when add() or forget() returns; a revoked one is worthless
    before that. `on_revoked` is told the id of each token that is good no longer. Tokens of others
    than `owner` are of those who were invited; `database` is for what else is known of them.
    """

    def __init__(
        self, directory: Path, on_revoked: Callable[[str], object], owner: str = "owner"
    ) -> None:
        self.directory = directory
        self._on_revoked = on_revoked
        self._owner = owner
        self.database = Database("accounts", lambda error: table.translate(error, directory))
        self._entries: dict[str, Entry] = {}
        self._unremoved: set[str] = set()
        self._failed = asyncio.Event()

    @property
    def next_end(self) -> float:
        """When the first token expires: seconds since 1970."""
        return min((entry.ends for entry in self._entries.values()), default=math.inf)

    def get(self, token_id: str) -> Entry | None:
        """Return the token with that id, None if there is none or it was revoked."""
        return self._entries.get(token_id)

    def records(self) -> tuple[TokenRecord, ...]:
        """Return what is kept about each token, oldest first."""
        return tuple(entry.present for entry in self._entries.values())

    async def open(self) -> None:
        """Open the database and read what it has.

        Raises:
            StorageError: that cannot be done.
        """
        await self.database.open(partial(table.connect, self.directory / table.NAME))
        records = await self.database.run(table.load)
        self._entries = {record.id: self._entry(record) for record in records}

    async def close(self) -> None:
        """Finish what is being written, and close the database."""
        await self.database.close()

    async def add(self, record: TokenRecord) -> None:
        """Take in a new token; on a StorageError it is good until the process ends."""
        self._entries[record.id] = self._entry(record)
        self._drop(self._crowd(record))
        await self._write(record)

    async def forget(self, *token_ids: str) -> None:
        """Make tokens worthless, at once and whatever the database says.

        What a StorageError kept from being removed is removed with what is written next; call this
        again when time_to_retry() returns.
        """
        self._drop(token_ids)
        if self._unremoved:
            await self._write()

    async def time_to_retry(self) -> None:
        """Return a minute after something could not be written."""
        await self._failed.wait()
        await asyncio.sleep(_RETRY_INTERVAL)

    def use(self, entry: Entry, now: float) -> None:
        """Note that a token was used `now`; written at most every ten minutes, by and by."""
        entry.used = now
        if now - entry.written >= _USE_INTERVAL:
            entry.written = now
            job = partial(self._commit_use, token_id=entry.record.id, now=now)
            self.database.submit(job).add_done_callback(_report)

    async def _write(self, *new: TokenRecord) -> None:
        gone = frozenset(self._unremoved)
        try:
            await self.database.run(partial(self._commit, new=new, gone=gone))
        except (StorageError, asyncio.CancelledError):
            self._failed.set()
            raise
        self._failed.clear()
        self._unremoved -= gone

    def _commit(
        self, connection: sqlite3.Connection, new: Iterable[TokenRecord], gone: Iterable[str]
    ) -> None:
        with self.database.transaction():
            for record in new:
                table.save(connection, record)
            table.remove(connection, gone)

    def _commit_use(self, connection: sqlite3.Connection, token_id: str, now: float) -> None:
        with self.database.transaction():
            table.use(connection, token_id, now)

    def _drop(self, token_ids: Iterable[str]) -> None:
        for token_id in token_ids:
            with contextlib.suppress(KeyError):
                self._entries.pop(token_id).ends = -math.inf
                self._unremoved.add(token_id)
                self._on_revoked(token_id)

    def _entry(self, record: TokenRecord) -> Entry:
        ends = math.inf if record.expires is None else record.expires
        used = record.used or 0
        invited = record.user != self._owner
        by_header, by_cookie = (
            Principal(record.user, record.scope, record.id, via, invited)
            for via in ("header", "cookie")
        )
        return Entry(record, by_header, by_cookie, ends, used, written=used)

    def _crowd(self, new: TokenRecord) -> list[str]:
        """Return the sessions that are too many beside a new one, the ones used least recently.

        Those are counted for each program, of somebody who was invited for all of them together.
        """
        if new.kind is not Kind.SESSION:
            return []
        same = [entry for entry in self._entries.values() if self._is_like(entry.record, new)]
        same.sort(key=lambda entry: max(entry.used, entry.record.created))
        return [entry.record.id for entry in same[:-_MAX_SESSIONS]]

    def _is_like(self, record: TokenRecord, new: TokenRecord) -> bool:
        return (
            record.kind is Kind.SESSION
            and record.user == new.user
            and (record.name == new.name or new.user != self._owner)
        )


def _report(writing: Future[None]) -> None:
    if error := writing.exception():
        _LOG.warning("when a token was used last cannot be kept: %s", error)
