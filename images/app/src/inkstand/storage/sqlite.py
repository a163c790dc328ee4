"""Messages in a SQLite database: safe once add() returns, also when the power fails then."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from inkstand.errors import InkstandError, StorageError
from inkstand.storage import VISIBLE, Added, Page, database, queries, salvage
from inkstand.storage.waiting import MAX_WAITING
from inkstand.storage.worker import Worker
from inkstand.storage.writer import Add, Alter, Probe, Prune, Request, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from inkstand.messages import Draft, Message, State
    from inkstand.storage import Change, Changed

    Query = Callable[[sqlite3.Connection], Any]

_T = TypeVar("_T")
_PROBE_TIMEOUT = 2.0


class SqliteStore:
    """Keeps messages in `directory`: one thread writes, another reads, neither waits for the other.

    Adds that come while a commit is under way share the next one.
    """

    def __init__(self, directory: Path, max_waiting: int = MAX_WAITING) -> None:
        self._directory = directory
        self._max_waiting = max_waiting
        self._lock = -1
        self._connections: list[sqlite3.Connection] = []
        self._books: Writer
        self._writer: Worker[Request]
        self._reader: Worker[Query]

    @property
    def calls(self) -> int:
        """The greatest `called` that a message has or had, 0 if none."""
        return self._books.calls

    async def __aenter__(self) -> Self:
        """Open the database; make it, or bring it up to date, if need be.

        Raises:
            StorageUnavailableError: it cannot be opened.
        """
        await asyncio.to_thread(self._open)
        self._writer = Worker("messages-write", self._books.serve)
        self._reader = Worker("messages-read", self._answer)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what was asked for, and close the database."""
        await self._writer.stop()
        await self._reader.stop()
        await asyncio.to_thread(self._close)

    async def add(self, draft: Draft, at: datetime) -> Added:
        """Keep `draft`; it is on the disk when this returns."""
        return cast("Added", await self._writer.ask(Add(draft, at)))

    async def change(self, *changes: Change) -> tuple[Changed, ...]:
        """Take all steps or none, each on another message, and return what came of them."""
        return cast("tuple[Changed, ...]", await self._writer.ask(Alter(changes)))

    async def prune(self, *, before: datetime, keep: int) -> int:
        """Forget messages that ended before `before`, and all ended ones but the newest `keep`."""
        return cast("int", await self._writer.ask(Prune(before, keep)))

    async def get(self, number: int) -> Message:
        """Return the message with the id `number`."""
        return await self._read(partial(queries.get, number=number))

    async def picture(self, number: int) -> bytes | None:
        """Return the encoded picture of the message `number`, None if it has none."""
        return await self._read(partial(queries.picture, number=number))

    async def page(
        self, *, before: int | None = None, limit: int = 50, states: Collection[State] = VISIBLE
    ) -> Page:
        """Return at most `limit` messages in one of `states`, with ids below `before`."""
        query = partial(queries.page, before=before, limit=limit, states=tuple(states))
        return await self._read(query)

    async def wanted(self) -> Message | None:
        """Return the message that is to be on the glass."""
        return await self._read(queries.wanted)

    async def shown(self) -> tuple[Message, ...]:
        """Return the messages that are on the glass: one, or none."""
        return await self._read(queries.shown)

    async def last_shown(self) -> Message | None:
        """Return the message that came onto the glass last and was not deleted."""
        return await self._read(queries.last_shown)

    async def due(self, now: datetime) -> tuple[Message, ...]:
        """Return the open messages whose time is over at `now` (aware), oldest first."""
        return await self._read(partial(queries.due, now=now))

    async def deadline(self) -> datetime | None:
        """Return when the first of the open messages expires."""
        return await self._read(queries.deadline)

    async def probe(self) -> None:
        """Do nothing if messages can be read and written; writes only when the last write failed.

        Raises:
            StorageError: they cannot be, or nobody knows after two seconds.
        """
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT):
                await self._read(partial(database.require_room, directory=self._directory))
                if self._books.failed:
                    await self._writer.ask(Probe())
        except TimeoutError as error:
            raise StorageError(f"the disk has not answered for {_PROBE_TIMEOUT:g} s") from error

    async def counts(self) -> Mapping[State, int]:
        """Return how many messages there are in each state."""
        return await self._read(queries.counts)

    async def _read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        return cast("_T", await self._reader.ask(query))

    def _answer(self, asked: Sequence[Query]) -> list[Any]:
        return [self._answer_one(query) for query in asked]

    def _answer_one(self, query: Query) -> Any:
        try:
            return query(self._connections[1])
        except sqlite3.Error as error:
            return database.translate(error, self._directory)
        except InkstandError as error:
            return error

    def _open(self) -> None:
        self._lock = database.open_locked(self._directory)
        try:
            salvage.heal(self._directory)
            self._connections = [database.connect(self._directory) for _ in range(2)]
        except BaseException:
            os.close(self._lock)
            raise
        self._connections[1].execute("PRAGMA query_only = ON")
        self._books = Writer(self._connections[0], self._directory, self._max_waiting)

    def _close(self) -> None:
        # The last one to close moves the write-ahead log into the database, so it has to write.
        for connection in reversed(self._connections):
            connection.close()
        os.close(self._lock)
