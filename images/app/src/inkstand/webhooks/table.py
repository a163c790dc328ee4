"""What waits for each target, and what became of the last of it, in a SQLite database of its own.

Addresses and secrets are not in it, but for a digest that tells when a target has become another.
"""

from __future__ import annotations

import enum
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from inkstand.errors import StorageError, StorageFullError
from inkstand.storage import damage, database
from inkstand.webhooks.payloads import LIFETIME, Notification

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NAME = "webhooks.sqlite3"
VERSION = 1
# Of each target. The oldest gives way, since what is newest says how things are.
MOST, MOST_BYTES = 2000, 4_000_000
DELIVERIES = 10
_TABLES = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE target (
        name TEXT PRIMARY KEY, digest TEXT NOT NULL, dropped INTEGER NOT NULL, gone_at REAL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE waiting (
        number INTEGER PRIMARY KEY,
        target TEXT NOT NULL REFERENCES target ON DELETE CASCADE,
        id TEXT NOT NULL, event TEXT NOT NULL, at REAL NOT NULL, until REAL, body BLOB NOT NULL
    ) STRICT;
    CREATE INDEX waiting_of_target ON waiting (target, number);
    CREATE TABLE delivery (
        number INTEGER PRIMARY KEY,
        target TEXT NOT NULL REFERENCES target ON DELETE CASCADE,
        id TEXT NOT NULL, event TEXT NOT NULL, at REAL NOT NULL, tried_at REAL NOT NULL,
        attempts INTEGER NOT NULL, status INTEGER, problem TEXT, outcome TEXT NOT NULL,
        UNIQUE (target, id)
    ) STRICT;
    PRAGMA user_version = {VERSION};
    COMMIT;
"""
_MAKE_ROOM = """
    DELETE FROM waiting WHERE target = ? AND number <= (
        SELECT max(number) FROM (
            SELECT number, count(*) OVER down AS so_many, sum(length(body)) OVER down AS so_large
            FROM waiting WHERE target = ? WINDOW down AS (ORDER BY number DESC)
        ) WHERE so_many > ? OR so_large > ?
    )
"""
_WRITE_DELIVERY = """
    INSERT INTO delivery (target, id, event, at, tried_at, attempts, status, problem, outcome)
    VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)
    ON CONFLICT (target, id) DO UPDATE SET tried_at = excluded.tried_at, attempts = attempts + 1,
        status = excluded.status, problem = excluded.problem, outcome = excluded.outcome
"""
_FORGET_DELIVERIES = """
    DELETE FROM delivery WHERE target = ? AND number NOT IN (
        SELECT number FROM delivery WHERE target = ? ORDER BY tried_at DESC, number DESC LIMIT ?
    )
"""
_DELIVERIES = """
    SELECT id, event, at, tried_at, attempts, status, problem, outcome FROM delivery
    WHERE target = ? ORDER BY tried_at DESC, number DESC
"""


class Outcome(enum.StrEnum):
    """What became of a notification when it was sent last."""

    DELIVERED = "delivered"
    FAILED = "failed"  # and is sent again
    GIVEN_UP = "given-up"  # it is not sent again
    GONE = "gone"  # the target wants nothing any more


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notification in the queue of a target."""

    number: int
    told: Notification


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a notification was taken: the HTTP `status`, or in `problem` why there is none."""

    id: str
    event: str
    at: datetime
    tried_at: datetime
    attempts: int
    status: int | None
    problem: str | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a target; `dropped` counts what it will never be told."""

    waiting: int
    dropped: int
    gone_at: datetime | None
    deliveries: tuple[Delivery, ...]


_DAMAGED = "What waited to be told to webhooks was damaged ({why}), and is not told any more."


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to the database at `path`; make it, or set a damaged one aside.

    Raises:
        StorageUnavailableError: it cannot be opened.
    """
    return damage.connect_sound(
        path,
        _check,
        partial(database.connect, path, _migrate, database.PRAGMAS),
        sentence=_DAMAGED,
        without="what webhooks have not been told yet is gone",
    )


def _check(connection: sqlite3.Connection) -> str | None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return None if version else "its format is not known"


def _migrate(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise sqlite3.DatabaseError("a newer Inkstand made it")
    if version < VERSION:
        connection.executescript(_TABLES)


def translate(error: sqlite3.Error, directory: Path) -> StorageError:
    """Return what `error` means to somebody who wants to keep notifications in `directory`."""
    if database.is_full(error, directory):
        return StorageFullError("There is no room to keep what webhooks are to be told")
    return StorageError(f"what webhooks are to be told cannot be read or written: {error}")


def know(connection: sqlite3.Connection, digests: Mapping[str, str]) -> None:
    """Have these targets alone; one that was gone is there again when its digest is another."""
    for (name,) in connection.execute("SELECT name FROM target").fetchall():
        if name not in digests:
            connection.execute("DELETE FROM target WHERE name = ?", (name,))
    for name, digest in digests.items():
        connection.execute(
            "INSERT INTO target VALUES (?, ?, 0, NULL) ON CONFLICT (name) DO UPDATE SET "
            "gone_at = iif(digest = excluded.digest, gone_at, NULL), digest = excluded.digest",
            (name, digest),
        )


def add(
    connection: sqlite3.Connection, names: Iterable[str], told: Notification, *, timed: bool
) -> None:
    """Put a notification at the end of the queues of these targets, but for those that are gone.

    Unless the time is right (`timed`), its day begins later, see head().
    """
    until = (told.at + LIFETIME).timestamp() if timed else None
    for name in names:
        connection.execute(
            "INSERT INTO waiting (target, id, event, at, until, body) "
            "SELECT name, ?, ?, ?, ?, ? FROM target WHERE name = ? AND gone_at IS NULL",
            (told.id, told.event, told.at.timestamp(), until, told.body, name),
        )
        dropped = connection.execute(_MAKE_ROOM, (name, name, MOST, MOST_BYTES))
        _note_dropped(connection, name, dropped.rowcount)


def head(connection: sqlite3.Connection, name: str, now: datetime) -> Waiting | None:
    """Return what a target is to be told next; what is older than a day is dropped.

    To be asked when the time is right: the day of what was added before that begins now.
    """
    until = (now + LIFETIME).timestamp()
    connection.execute(
        "UPDATE waiting SET until = ? WHERE target = ? AND until IS NULL", (until, name)
    )
    over = (name, now.timestamp())
    dropped = connection.execute("DELETE FROM waiting WHERE target = ? AND until <= ?", over)
    _note_dropped(connection, name, dropped.rowcount)
    row = connection.execute(
        "SELECT number, id, event, at, body FROM waiting WHERE target = ? ORDER BY number LIMIT 1",
        (name,),
    ).fetchone()
    return row and Waiting(row[0], Notification(row[1], row[2], _moment(row[3]), row[4]))


def keep(connection: sqlite3.Connection, name: str, delivery: Delivery, number: int | None) -> None:
    """Write down how it went with the notification in the queue at `number` (None: a trial)."""
    connection.execute(
        _WRITE_DELIVERY,
        (
            *(name, delivery.id, delivery.event, delivery.at.timestamp()),
            *(delivery.tried_at.timestamp(), delivery.status, delivery.problem, delivery.outcome),
        ),
    )
    connection.execute(_FORGET_DELIVERIES, (name, name, DELIVERIES))
    if delivery.outcome is Outcome.DELIVERED:
        connection.execute("UPDATE target SET gone_at = NULL WHERE name = ?", (name,))
        connection.execute("DELETE FROM waiting WHERE number = ?", (number,))
    elif delivery.outcome is Outcome.GONE:
        moment = delivery.tried_at.timestamp()
        connection.execute("UPDATE target SET gone_at = ? WHERE name = ?", (moment, name))
        dropped = connection.execute("DELETE FROM waiting WHERE target = ?", (name,))
        _note_dropped(connection, name, dropped.rowcount)


def known(connection: sqlite3.Connection, name: str) -> Known:
    """Return what is known of a target, which has to be there."""
    dropped, gone_at, waiting = connection.execute(
        "SELECT dropped, gone_at, (SELECT count(*) FROM waiting WHERE target = name) "
        "FROM target WHERE name = ?",
        (name,),
    ).fetchone()
    deliveries = tuple(map(_delivery, connection.execute(_DELIVERIES, (name,))))
    return Known(waiting, dropped, gone_at and _moment(gone_at), deliveries)


def _note_dropped(connection: sqlite3.Connection, name: str, count: int) -> None:
    if count:
        connection.execute("UPDATE target SET dropped = dropped + ? WHERE name = ?", (count, name))
        connection.execute(
            "UPDATE delivery SET outcome = ? WHERE target = ? AND outcome = ? AND id NOT IN "
            "(SELECT id FROM waiting WHERE target = ?)",
            (Outcome.GIVEN_UP, name, Outcome.FAILED, name),
        )


def _delivery(row: tuple[str, str, float, float, int, int | None, str | None, str]) -> Delivery:
    told, event, at, tried_at, attempts, status, problem, outcome = row
    return Delivery(
        *(told, event, _moment(at), _moment(tried_at)),
        *(attempts, status, problem, Outcome(outcome)),
    )


def _moment(seconds: float) -> datetime:
    # Without what floating point makes of it.
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=round(1000 * seconds))
