"""What changes a database: many requests, one commit."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkstand.errors import IdempotencyConflictError, InkstandError, TooManyWaitingError
from inkstand.messages import fingerprint, lifecycle
from inkstand.storage import Added, Changed, damage, database, queries, schema
from inkstand.storage.rows import COLUMNS, from_row, to_number, to_row
from inkstand.storage.waiting import MAX_WAITING, Waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from inkstand.messages import Draft, Message
    from inkstand.storage import Change

_ALL_COLUMNS = f"{COLUMNS}, idempotency_key, fingerprint"
_ROW = f"({', '.join('?' * len(_ALL_COLUMNS.split(',')))})"
_INSERT = f"INSERT INTO message ({_ALL_COLUMNS}) VALUES "  # noqa: S608 - constants
_MARKS = ", ".join("?" * len(COLUMNS.split(",")))
_UPDATE = f"UPDATE message SET ({COLUMNS}) = ({_MARKS}) WHERE id = ?"  # noqa: S608
_BY_KEY = f"SELECT {COLUMNS}, fingerprint FROM message WHERE (author, idempotency_key) = (?, ?)"  # noqa: S608
# A mark is written for so many messages at a time.
_RESERVED_IDS = 1000
_PRUNE = """
    DELETE FROM message WHERE state IN ('read', 'expired', 'deleted') AND (
        ended_at < ? OR id <= (
            SELECT id FROM message WHERE state IN ('read', 'expired', 'deleted')
            ORDER BY id DESC LIMIT 1 OFFSET ?
        )
    )
"""


@dataclass(frozen=True, slots=True)
class Add:
    """Ask for a new message; the outcome is an Added."""

    draft: Draft
    at: datetime

    @property
    def plain(self) -> bool:
        """Whether one row is all that it takes."""
        return self.draft.idempotency_key is None and self.draft.picture is None


@dataclass(frozen=True, slots=True)
class Alter:
    """Ask for steps, all or none; the outcome is a Changed for each."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Prune:
    """Ask for old messages to go; the outcome is how many went."""

    before: datetime
    keep: int


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask whether something can be written, by writing; the outcome is None."""


Request = Add | Alter | Prune | Probe


@dataclass(frozen=True, slots=True)
class _New:
    message: Message
    draft: Draft
    mark: bytes | None


class Writer:
    """The only one that writes to the database behind `connection`, so it can count ids itself."""

    def __init__(
        self, connection: sqlite3.Connection, directory: Path, max_waiting: int = MAX_WAITING
    ) -> None:
        self.failed = False
        self._connection = connection
        self._waiting = Waiting(max_waiting, self._open_numbers())
        self._directory = directory
        self._last = _number(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'message'")
        self.calls = _number(connection, "SELECT max(called) FROM message")
        self._reserved = damage.mark(directory / database.NAME)
        self._reserve()

    def serve(self, requests: Sequence[Request]) -> Sequence[Any]:
        """Do all of `requests` in one commit and return an outcome for each, errors included."""
        before = (self._last, self.calls)
        try:
            with self._one_commit(requests):
                outcomes = self._outcomes(requests)
        except sqlite3.Error as error:
            self._last, self.calls, self.failed = *before, True
            with contextlib.suppress(sqlite3.Error):
                self._waiting.set(self._open_numbers())
            return [database.translate(error, self._directory) for _ in requests]
        self.failed = False
        return outcomes

    @contextlib.contextmanager
    def _one_commit(self, requests: Sequence[Request]) -> Iterator[None]:
        # Each call of SQLite gives up the interpreter's lock and has to wait for it again while
        # the event loop is busy; a single statement commits by itself.
        if all(isinstance(request, Add) and request.plain for request in requests):
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled back already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _outcomes(self, requests: Sequence[Request]) -> list[Any]:
        outcomes: list[Any] = []
        for _, group in itertools.groupby(requests, type):
            outcomes += self._serve_alike(list(group))
        return outcomes

    def _serve_alike(self, requests: Sequence[Request]) -> Sequence[Any]:
        adds = [request for request in requests if isinstance(request, Add)]
        if adds:
            return self._add(adds)
        return [self._do(request) for request in requests if not isinstance(request, Add)]

    def _open_numbers(self) -> list[int]:
        rows = self._connection.execute(
            "SELECT id FROM message WHERE state IN ('waiting', 'shown')"
        )
        return [number for (number,) in rows]

    def _do(self, request: Alter | Prune | Probe) -> Any:
        if isinstance(request, Probe):
            self._connection.execute(f"PRAGMA user_version = {schema.VERSION}")
            return None
        if isinstance(request, Prune):
            values = (to_number(request.before), request.keep)
            return self._connection.execute(_PRUNE, values).rowcount
        try:
            return self._alter(request.changes)
        except InkstandError as error:
            return error

    def _add(self, requests: Iterable[Add]) -> list[Added | InkstandError]:
        room = {owner: database.has_room(self._directory, owner=owner) for owner in (True, False)}
        known: dict[tuple[str, str | None], tuple[Message, bytes | None]] = {}
        new: list[_New] = []
        outcomes = [
            self._added(request, known, new)
            if room[not request.draft.sender]
            else database.no_room()
            for request in requests
        ]
        self._insert(new)
        return outcomes

    def _added(
        self,
        request: Add,
        known: dict[tuple[str, str | None], tuple[Message, bytes | None]],
        new: list[_New],
    ) -> Added | InkstandError:
        draft = lifecycle.clean(request.draft)
        if draft.idempotency_key is None:
            return self._admitted(draft, request.at, None, new)
        key, mark = (draft.author, draft.idempotency_key), fingerprint(draft)
        found = known.get(key) or self._find(*key)
        if found is not None:
            return (
                Added(found[0], created=False) if found[1] == mark else IdempotencyConflictError()
            )
        outcome = self._admitted(draft, request.at, mark, new)
        if isinstance(outcome, Added):
            known[key] = (outcome.message, mark)
        return outcome

    def _admitted(
        self, draft: Draft, at: datetime, mark: bytes | None, new: list[_New]
    ) -> Added | InkstandError:
        try:
            self._waiting.admit(draft)
        except TooManyWaitingError as error:
            return error
        message = lifecycle.accept(draft, number=self._last + 1, at=at, calls=self.calls)
        self._waiting.follow(message, draft.sender)
        self._count(message)
        new.append(_New(message, draft, mark))
        return Added(message, created=True)

    def _find(self, author: str, key: str) -> tuple[Message, bytes] | None:
        row = self._connection.execute(_BY_KEY, (author, key)).fetchone()
        return None if row is None else (from_row(row[:-1]), row[-1])

    def _insert(self, new: Sequence[_New]) -> None:
        if not new:
            return
        rows = [(*to_row(n.message), n.draft.idempotency_key, n.mark) for n in new]
        values = tuple(itertools.chain.from_iterable(rows))
        self._connection.execute(_INSERT + ", ".join([_ROW] * len(rows)), values)
        pictures = [(n.message.id, n.draft.picture) for n in new if n.draft.picture is not None]
        if pictures:
            self._connection.executemany("INSERT INTO picture VALUES (?, ?)", pictures)

    def _alter(self, changes: Sequence[Change]) -> tuple[Changed, ...]:
        old = [queries.get(self._connection, change.number) for change in changes]
        made = tuple(Changed(m, change.step(m)) for m, change in zip(old, changes, strict=True))
        for changed in made:
            if changed.before != changed.after:
                self._update(changed.after)
        return made

    def _update(self, message: Message) -> None:
        self._connection.execute(_UPDATE, (*to_row(message), message.id))
        if not message.has_picture:
            self._connection.execute("DELETE FROM picture WHERE message = ?", (message.id,))
        self._waiting.follow(message)
        self._count(message)

    def _reserve(self) -> None:
        """Remember beside the database which ids it may have given away, should it be lost."""
        if self._last >= self._reserved:
            self._reserved = self._last + _RESERVED_IDS
            damage.set_mark(self._directory / database.NAME, self._reserved)

    def _count(self, message: Message) -> None:
        self._last = max(self._last, message.id)
        self._reserve()
        self.calls = max(self.calls, message.called or 0)


def _number(connection: sqlite3.Connection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0] or 0) if row else 0
