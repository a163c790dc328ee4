"""The questions that a database is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inkstand.errors import MessageNotFoundError
from inkstand.messages import State
from inkstand.storage import Page
from inkstand.storage.rows import COLUMNS, from_row, to_number, to_time

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from inkstand.messages import Message

# The texts below are constants of this package; values are bound, never written into them.
_SELECT = f"SELECT {COLUMNS} FROM message"  # noqa: S608
_OPEN = "state IN ('waiting', 'shown')"
_WANTED = (
    f"{_SELECT} WHERE called IS NOT NULL AND {_OPEN} ORDER BY called DESC, id DESC LIMIT 1",
    f"{_SELECT} WHERE state = 'shown' ORDER BY id LIMIT 1",
    f"{_SELECT} WHERE state = 'waiting' ORDER BY id LIMIT 1",
)
_SHOWN = f"{_SELECT} WHERE state = 'shown' ORDER BY id"
_LAST_SHOWN = (
    f"{_SELECT} WHERE shown_at IS NOT NULL AND state != 'deleted' "
    "ORDER BY shown_at DESC, id DESC LIMIT 1"
)
_LEAVES_AT = "shown_at + show_for * 1000000"
_DUE = (
    f"{_SELECT} WHERE expires_at IS NOT NULL AND {_OPEN} AND expires_at <= ?1 "
    f"UNION {_SELECT} WHERE state = 'shown' AND {_LEAVES_AT} <= ?1 ORDER BY id"
)
_DEADLINE = (
    f"SELECT min(expires_at) FROM message WHERE expires_at IS NOT NULL AND {_OPEN} "  # noqa: S608
    f"UNION ALL SELECT min({_LEAVES_AT}) FROM message WHERE state = 'shown'"
)


def get(connection: sqlite3.Connection, number: int) -> Message:
    """Return the message with the id `number`.

    Raises:
        MessageNotFoundError: there is none.
    """
    message = _one(connection, f"{_SELECT} WHERE id = ?", number)
    if message is None:
        raise MessageNotFoundError(number)
    return message


def picture(connection: sqlite3.Connection, number: int) -> bytes | None:
    """Return the encoded picture of the message `number`, None if it has none."""
    row = connection.execute("SELECT data FROM picture WHERE message = ?", (number,)).fetchone()
    return None if row is None else bytes(row[0])


def page(
    connection: sqlite3.Connection, before: int | None, limit: int, states: Collection[State]
) -> Page:
    """Return at most `limit` messages in one of `states`, with ids below `before`."""
    marks = ", ".join("?" * len(states))
    sql = (
        f"{_SELECT} WHERE state IN ({marks}) AND id < coalesce(?, 1 << 62) ORDER BY id DESC LIMIT ?"
    )
    found = _all(connection, sql, *(state.value for state in states), before, limit + 1)
    return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)


def wanted(connection: sqlite3.Connection) -> Message | None:
    """Return the message that is to be on the glass."""
    for sql in _WANTED:
        if message := _one(connection, sql):
            return message
    return None


def shown(connection: sqlite3.Connection) -> tuple[Message, ...]:
    """Return the messages that are on the glass: one, or none."""
    return _all(connection, _SHOWN)


def last_shown(connection: sqlite3.Connection) -> Message | None:
    """Return the message that came onto the glass last and was not deleted."""
    return _one(connection, _LAST_SHOWN)


def due(connection: sqlite3.Connection, now: datetime) -> tuple[Message, ...]:
    """Return the open messages whose time is over at `now` (aware), oldest first."""
    return _all(connection, _DUE, to_number(now))


def deadline(connection: sqlite3.Connection) -> datetime | None:
    """Return when the first of the open messages expires."""
    ends = [number for (number,) in connection.execute(_DEADLINE) if number is not None]
    return to_time(min(ends, default=None))


def counts(connection: sqlite3.Connection) -> Mapping[State, int]:
    """Return how many messages there are in each state."""
    rows = connection.execute("SELECT state, count(*) FROM message GROUP BY state")
    counted = {State(state): count for state, count in rows}
    return {state: counted.get(state, 0) for state in State}


def _one(connection: sqlite3.Connection, sql: str, *values: Any) -> Message | None:
    row = connection.execute(sql, values).fetchone()
    return None if row is None else from_row(row)


def _all(connection: sqlite3.Connection, sql: str, *values: Any) -> tuple[Message, ...]:
    return tuple(from_row(row) for row in connection.execute(sql, values))
