"""Messages in a SQLite database: safe once add() returns, also when the power fails then."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Self

from inkstand.errors import (
    IdempotencyConflictError,
    MessageNotFoundError,
    StorageError,
    StorageUnavailableError,
)
from inkstand.messages import model, salvage, scheduled_table, table
from inkstand.messages.model import Changed, State, fingerprint
from inkstand.messages.schedule import Schedule
from inkstand.messages.waiting import MAX_WAITING, Waiting
from inkstand.storage import damage, database

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from datetime import datetime, tzinfo
    from pathlib import Path
    from types import TracebackType

    from inkstand.messages.model import Draft, Message

NAME = "messages.sqlite3"
# What a history shows unless it is asked for more.
VISIBLE = frozenset(State) - {State.DELETED, State.SCHEDULED}
_PROBE_TIMEOUT = 2.0
# The mark of ids that may have been given away is written for so many messages at a time.
_RESERVED_IDS = 1000
_PRAGMAS = (
    *database.PRAGMAS,
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 4194304",
)


@dataclass(frozen=True, slots=True)
class Added:
    """The message of a draft; `created` is False when an idempotency key came again."""

    message: Message
    created: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A step to take with the message `number`; `step` is pure and may refuse by raising."""

    number: int
    step: Callable[[Message], Message]


class MessageStore:
    """Keeps messages in `directory`; an async context manager, to be used within one event loop.

    What repeats comes at times of `zone`.
    Every method raises StorageError when messages cannot be read or written, and StorageFullError
    when there is no room. What changes something is one transaction: safe when it returns,
    whatever happens next.
    """

    def __init__(self, directory: Path, max_waiting: int = MAX_WAITING, zone: tzinfo = UTC) -> None:
        self._directory = directory
        self._schedule = Schedule(zone, self._next_number)
        self._database = database.Database(
            "messages", lambda error: database.translate(error, directory)
        )
        self._waiting = Waiting(max_waiting)
        self._outlook = table.Outlook(None, (), None)
        self._lock = -1
        self._reserved = 0

    @property
    def outlook(self) -> table.Outlook:
        """What the open messages ask for since the last change; costs nothing."""
        return self._outlook

    async def __aenter__(self) -> Self:
        """Open the database; make it, or bring it up to date, if need be.

        Raises:
            StorageUnavailableError: it cannot be opened.
        """
        await self._database.open(self._open)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what was asked for, and close the database."""
        await self._database.close()
        os.close(self._lock)

    async def add(self, draft: Draft, at: datetime) -> Added:
        """Keep `draft`, taken in at `at` (aware); ids follow the order of the calls.

        Raises:
            IdempotencyConflictError: its key was used by its author for another message.
            InvalidValueError: its rule to repeat never comes.
            TooManyWaitingError: too many are open, or come later, already.
        """
        return await self._database.run(partial(self._add, draft=model.clean(draft), at=at))

    async def change(self, *changes: Change) -> tuple[Changed, ...]:
        """Take all steps or none, each on another message, and return what came of them.

        Raises:
            MessageNotFoundError: there is no such message.
            MessageStateError: a step refused.
        """
        return await self._database.run(partial(self._change, changes=changes))

    async def expire(self, now: datetime, *, come: bool = True) -> tuple[Changed, ...]:
        """Do what is due at `now` (aware), oldest first.

        Open messages expire whose time is over; then, if they are to `come`, those do that were to
        come later.
        """
        return await self._database.run(partial(self._expire, now=now, come=come))

    async def scheduled(self) -> tuple[Message, ...]:
        """Return the messages that come later, the next one first."""
        return await self._database.run(self._schedule.every)

    async def skip(self, number: int, moment: datetime, now: datetime) -> Changed:
        """Let the scheduled message `number` not come at `moment`; at the last time it ends.

        Raises:
            MessageNotFoundError: there is no such message.
            MessageStateError: it is not to come then.
        """
        return await self._database.run(partial(self._skip, number=number, moment=moment, now=now))

    async def prune(self, *, before: datetime, keep: int) -> int:
        """Forget messages that ended before `before`, and all ended ones but the newest `keep`.

        Returns how many that were.
        """

        def job(connection: sqlite3.Connection) -> int:
            with self._database.transaction():
                return table.prune(connection, before, keep)

        return await self._database.run(job)

    async def get(self, number: int) -> Message:
        """Return the message with the id `number`.

        Raises:
            MessageNotFoundError: there is none.
        """
        return await self._database.run(partial(self._get, number=number))

    async def open_by_key(self, author: str, beginning: str) -> tuple[Message, str] | None:
        """Return the newest open message whose idempotency key begins like that, and the key."""
        query = partial(table.open_by_key, author=author, beginning=beginning)
        return await self._database.run(query)

    async def picture(self, number: int) -> bytes | None:
        """Return the encoded picture of the message `number`, None if it has none."""

        def job(connection: sqlite3.Connection) -> bytes | None:
            found = table.picture(connection, number)
            return scheduled_table.picture(connection, number) if found is None else found

        return await self._database.run(job)

    async def page(
        self,
        *,
        before: int | None = None,
        limit: int = 50,
        states: Collection[State] = VISIBLE,
        words: str = "",
    ) -> table.Page:
        """Return at most `limit` messages in one of `states`, with ids below `before`.

        `words` is what has to stand in their text, or in the name of who sent them.
        """
        query = partial(table.page, before=before, limit=limit, states=tuple(states), words=words)
        return await self._database.run(query)

    async def queue(self, limit: int) -> tuple[Message, ...]:
        """Return at most `limit` open messages, in the order in which they come to the glass."""
        return await self._database.run(partial(table.queue, limit=limit))

    async def last_shown(self) -> Message | None:
        """Return the message that came onto the glass last and was not deleted."""
        return await self._database.run(table.last_shown)

    async def counts(self) -> Mapping[State, int]:
        """Return how many messages there are in each state."""
        return await self._database.run(table.counts)

    async def probe(self) -> None:
        """Do nothing if messages can be read and written; writes only when the last write failed.

        Raises:
            StorageError: they cannot be, or nobody knows after two seconds.
        """
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT):
                await self._database.run(self._probe)
        except TimeoutError as error:
            raise StorageError(f"the disk has not answered for {_PROBE_TIMEOUT:g} s") from error

    def _probe(self, connection: sqlite3.Connection) -> None:
        database.require_room(connection, self._directory)
        if self._database.failed:
            with self._database.transaction():
                table.touch(connection)

    def _add(self, connection: sqlite3.Connection, draft: Draft, at: datetime) -> Added:
        if not database.has_room(self._directory, owner=not draft.sender):
            raise database.no_room()
        key, mark = draft.idempotency_key, None
        if key is not None:
            mark = fingerprint(draft)
            known, its_mark = self._by_key(connection, draft.author, key)
            if known is not None:
                if mark != its_mark:
                    raise IdempotencyConflictError
                return Added(known, created=False)
        return self._take_in(connection, draft, at, mark)

    def _take_in(
        self, connection: sqlite3.Connection, draft: Draft, at: datetime, mark: bytes | None
    ) -> Added:
        if draft.later:
            self._schedule.admit(connection, draft)
            with self._commit(connection):
                later = self._schedule.add(connection, draft, at, mark)
            return Added(later, created=True)
        self._waiting.admit(draft)
        with self._commit(connection):
            number = self._next_number(connection)
            message = model.accept(draft, number=number, at=at, calls=self._outlook.calls)
            table.insert(connection, message, draft, mark)
        self._waiting.follow(message, draft.sender)
        return Added(message, created=True)

    def _get(self, connection: sqlite3.Connection, number: int) -> Message:
        try:
            return table.get(connection, number)
        except MessageNotFoundError:
            return self._schedule.get(connection, number)

    def _by_key(
        self, connection: sqlite3.Connection, author: str, key: str
    ) -> tuple[Message | None, bytes | None]:
        found = table.by_key(connection, author, key)
        return found if found[0] else self._schedule.by_key(connection, author, key)

    def _change(
        self, connection: sqlite3.Connection, changes: Collection[Change]
    ) -> tuple[Changed, ...]:
        with self._commit(connection):
            made = tuple(self._take(connection, change) for change in changes)
        for changed in made:
            self._waiting.follow(changed.after)
        return made

    def _take(self, connection: sqlite3.Connection, change: Change) -> Changed:
        before = self._get(connection, change.number)
        after = change.step(before)
        if before.state is State.SCHEDULED is not after.state:
            self._schedule.end(connection, after)
        elif after != before:
            table.update(connection, after)
        return Changed(before, after)

    def _expire(
        self, connection: sqlite3.Connection, now: datetime, *, come: bool
    ) -> tuple[Changed, ...]:
        step = partial(model.expire, now=now)
        with self._commit(connection):
            over = [
                self._take(connection, Change(it.id, step)) for it in table.due(connection, now)
            ]
            calls = self._outlook.calls
            came = list(self._schedule.come(connection, now, calls)) if come else []
        for sender, changed in (*(("", changed) for changed in over), *came):
            self._waiting.follow(changed.after, sender)
        return (*over, *(changed for _, changed in came))

    def _skip(
        self, connection: sqlite3.Connection, number: int, moment: datetime, now: datetime
    ) -> Changed:
        with self._commit(connection):
            return self._schedule.skip(connection, number, moment, now)

    @contextlib.contextmanager
    def _commit(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Write in one transaction, and look at once what the open messages ask for then."""
        with self._database.transaction():
            yield
            outlook = table.outlook(connection, self._outlook)
        self._outlook = outlook

    def _next_number(self, connection: sqlite3.Connection) -> int:
        number = table.last_number(connection) + 1
        self._reserve(number)
        return number

    def _reserve(self, number: int) -> None:
        """Remember beside the database which ids it may have given away, should it be lost."""
        if number >= self._reserved:
            self._reserved = number + _RESERVED_IDS
            damage.set_mark(self._directory / NAME, self._reserved)

    def _open(self) -> sqlite3.Connection:
        self._lock = database.open_locked(self._directory)
        try:
            return self._connect(self._directory / NAME)
        except BaseException:
            os.close(self._lock)
            raise

    def _connect(self, path: Path) -> sqlite3.Connection:
        try:
            salvage.heal(path)
            connection = database.connect(path, table.migrate, _PRAGMAS)
            self._reserved = damage.mark(path)
            self._reserve(table.last_number(connection))
            self._waiting.set(table.open_numbers(connection))
            self._outlook = table.outlook(connection, self._outlook)
        except sqlite3.Error as error:
            raise StorageUnavailableError(f"cannot open {path}: {error}") from error
        except StorageError:
            raise
        except OSError as error:
            raise database.unavailable(self._directory, error) from error
        return connection
