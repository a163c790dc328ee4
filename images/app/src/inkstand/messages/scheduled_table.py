"""Messages that come later as rows of a table beside that of messages.

An older release does not look at it: what is due then comes when a newer one is there again.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from inkstand.errors import InvalidValueError
from inkstand.messages import repeat
from inkstand.messages.model import Draft, Priority
from inkstand.messages.scheduled import Scheduled
from inkstand.rendering.text import TextLook

if TYPE_CHECKING:
    import sqlite3

# Times are microseconds since 1970, UTC; `skipped` is some of them, with commas. A damaged file has
# to break a CHECK before a value breaks something here.
_TIME = "BETWEEN 0 AND 253402300799000000"
TABLE = f"""
    CREATE TABLE IF NOT EXISTS scheduled (
        id INTEGER PRIMARY KEY CHECK (id > 0),
        author TEXT NOT NULL,
        text TEXT NOT NULL,
        at INTEGER NOT NULL CHECK (at {_TIME}),
        start INTEGER NOT NULL CHECK (start {_TIME}),
        next_at INTEGER NOT NULL CHECK (next_at {_TIME}),
        repeat TEXT,
        skipped TEXT NOT NULL,
        priority TEXT NOT NULL CHECK (priority IN ('normal', 'urgent')),
        lifetime INTEGER CHECK (lifetime {_TIME}),
        show_for INTEGER CHECK (show_for BETWEEN 0 AND 1000000000),
        sender TEXT NOT NULL,
        idempotency_key TEXT,
        fingerprint BLOB,
        picture BLOB
    ) STRICT;
"""
_COLUMNS = (
    "id, author, text, at, start, next_at, repeat, skipped, priority, lifetime, show_for, sender"
)
# The texts below are constants of this module; values are bound, never written into them.
ALL = f"{_COLUMNS}, idempotency_key, fingerprint, picture"
KEEP = f"INSERT INTO scheduled ({ALL}) VALUES ({', '.join('?' * 15)})"  # noqa: S608
_UPDATE = "UPDATE scheduled SET next_at = ?, skipped = ? WHERE id = ?"
_INSERT = f"INSERT INTO scheduled ({ALL}, look) VALUES ({', '.join('?' * 16)})"  # noqa: S608
_SELECT = f"SELECT {_COLUMNS}, picture IS NOT NULL, look FROM scheduled"  # noqa: S608
_BY_KEY = "SELECT id, fingerprint FROM scheduled WHERE (author, idempotency_key) = (?, ?)"
_CONTENT = "SELECT author, picture, idempotency_key, fingerprint FROM scheduled WHERE id = ?"
_COUNT = "SELECT count(*), count(*) FILTER (WHERE sender = ?) FROM scheduled"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def insert(
    connection: sqlite3.Connection, scheduled: Scheduled, draft: Draft, mark: bytes | None
) -> None:
    """Keep a new one with what its draft has and it has not; `mark` is its fingerprint."""
    content = (draft.idempotency_key, mark, draft.picture)
    connection.execute(_INSERT, (*_to_row(scheduled), *content, scheduled.look.words))


def update(connection: sqlite3.Connection, number: int, left: Scheduled | None) -> None:
    """Keep what is `left` of the one with the id `number`, None: nothing is."""
    if left is None:
        connection.execute("DELETE FROM scheduled WHERE id = ?", (number,))
    else:
        row = _to_row(left)
        connection.execute(_UPDATE, (row[5], row[7], number))


def get(connection: sqlite3.Connection, number: int) -> Scheduled | None:
    """Return the one with the id `number`, None if there is none."""
    row = connection.execute(f"{_SELECT} WHERE id = ?", (number,)).fetchone()
    return None if row is None else _from_row(row)


def by_key(connection: sqlite3.Connection, author: str, key: str) -> tuple[int, bytes] | None:
    """Return the id of what came with the idempotency key, and its fingerprint."""
    found: tuple[int, bytes] | None = connection.execute(_BY_KEY, (author, key)).fetchone()
    return found


def content(connection: sqlite3.Connection, number: int) -> tuple[Draft, bytes | None]:
    """Return as a draft what only the table has: picture and key; and its fingerprint."""
    author, picture, key, mark = connection.execute(_CONTENT, (number,)).fetchone()
    return Draft(author=author, text="", picture=picture, idempotency_key=key), mark


def picture(connection: sqlite3.Connection, number: int) -> bytes | None:
    """Return the encoded picture of the one with the id `number`, None if it has none."""
    row = connection.execute("SELECT picture FROM scheduled WHERE id = ?", (number,)).fetchone()
    return None if row is None else row[0]


def every(connection: sqlite3.Connection) -> tuple[Scheduled, ...]:
    """Return all, the next one first."""
    return tuple(map(_from_row, connection.execute(f"{_SELECT} ORDER BY next_at, id")))


def due(connection: sqlite3.Connection, now: datetime) -> tuple[Scheduled, ...]:
    """Return those that come at `now` (aware) or should have come before, oldest first."""
    sql = f"{_SELECT} WHERE next_at <= ? ORDER BY next_at, id"
    return tuple(map(_from_row, connection.execute(sql, (_number(now),))))


def counts(connection: sqlite3.Connection, sender: str) -> tuple[int, int]:
    """Return how many there are, and how many of `sender`."""
    total, own = connection.execute(_COUNT, (sender,)).fetchone()
    return total, own


def _to_row(scheduled: Scheduled) -> tuple[Any, ...]:
    return (
        scheduled.id,
        scheduled.author,
        scheduled.text,
        _number(scheduled.at),
        _number(scheduled.start),
        _number(scheduled.next_at),
        scheduled.repeat,
        ",".join(str(_number(moment)) for moment in sorted(scheduled.skipped)),
        scheduled.priority.value,
        scheduled.lifetime and scheduled.lifetime // _MICROSECOND,
        scheduled.show_for,
        scheduled.sender,
    )


def _from_row(row: tuple[Any, ...]) -> Scheduled:
    number, author, text, at, start, following, rule, skipped, priority, lifetime, *rest = row
    show_for, sender, has_picture, look = rest
    return Scheduled(
        id=number,
        author=author,
        text=text,
        at=_time(at),
        start=_time(start),
        next_at=_time(following),
        repeat=rule if _is_rule(rule) else None,
        skipped=frozenset(map(_time, map(int, re.findall(r"\b\d{16}\b", skipped, re.ASCII)))),
        priority=Priority(priority),
        lifetime=lifetime and lifetime * _MICROSECOND,
        show_for=show_for,
        sender=sender,
        has_picture=bool(has_picture),
        look=TextLook.of(look),
    )


def _is_rule(text: str | None) -> bool:
    """Tell whether it still is what was checked when it came; a bit of it may have flipped."""
    try:
        return text is not None and bool(repeat.parse(text))
    except InvalidValueError:
        return False


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _time(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND
