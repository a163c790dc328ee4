"""A new database made of what can still be read of a damaged one, row by row."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from inkstand.messages import scheduled_table, table
from inkstand.messages.model import Priority, State
from inkstand.messages.table import COLUMNS, to_number
from inkstand.storage import damage, database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Rows = dict[int, tuple[Any, ...]]

_PAGE = 4096
# The last moment that a datetime knows, in microseconds since 1970; and what JSON can count to.
_LAST_MOMENT = 253_402_300_799_000_000
_GREATEST = 2**53
_LONGEST_SHOW = 10**9
# Single rows that are asked for between what can be read from below and from above.
_MAX_PROBES = 100_000
_MESSAGE = f"{COLUMNS}, idempotency_key, fingerprint"
_MESSAGES = f"SELECT {_MESSAGE} FROM message NOT INDEXED"  # noqa: S608 - constants
_PICTURES = "SELECT message, data FROM picture"
_SCHEDULED = f"SELECT {scheduled_table.ALL} FROM scheduled"  # noqa: S608 - constants
_LOOKS = ("SELECT id, look FROM message NOT INDEXED", "SELECT id, look FROM scheduled")
_KEEP_LOOKS = (
    "UPDATE message SET look = ? WHERE id = ?",
    "UPDATE scheduled SET look = ? WHERE id = ?",
)
_LAST = "SELECT max(id) FROM (SELECT id FROM message UNION SELECT id FROM scheduled UNION SELECT 0)"
_KEEP = f"INSERT INTO message ({_MESSAGE}) VALUES ({', '.join('?' * 14)})"  # noqa: S608 - constants


def _words(kind: type[State] | type[Priority]) -> str:
    return ", ".join(f"'{member}'" for member in kind)


_WRONG = f"""
    SELECT count(*) FROM message WHERE NOT (
        id BETWEEN 1 AND {_GREATEST} AND at BETWEEN 0 AND {_LAST_MOMENT}
        AND coalesce(expires_at, 0) BETWEEN 0 AND {_LAST_MOMENT}
        AND coalesce(shown_at, 0) BETWEEN 0 AND {_LAST_MOMENT}
        AND coalesce(ended_at, 0) BETWEEN 0 AND {_LAST_MOMENT}
        AND coalesce(called, 0) BETWEEN 0 AND {_GREATEST}
        AND coalesce(show_for, 0) BETWEEN 0 AND {_LONGEST_SHOW}
        AND state IN ({_words(State)}) AND priority IN ({_words(Priority)})
    )
"""  # noqa: S608 - constants


def heal(path: Path) -> None:
    """Put a damaged database of messages aside, and a new one in its place.

    The new one is whole before the old one is moved, so that a power cut changes nothing.

    Raises:
        sqlite3.Error, OSError: the file cannot be read, or there is no room for a new one.
    """
    new = path.with_name(f"{path.name}.repaired")
    if new.exists() and not path.exists():
        new.replace(path)
    if why := damage.reason(path, _check):
        _replace(path, new, why)


def _replace(path: Path, new: Path, why: str) -> None:
    damage.remove(new)
    number, after = _salvage(path, new, damage.mark(path))
    sentence = (
        f"The database of messages was damaged ({why}). {number} of them could be read "
        f"into a new one, which goes on after number {after}."
    )
    damage.begin_anew(path, sentence)
    new.replace(path)


def _check(connection: sqlite3.Connection) -> str | None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > table.VERSION:
        return None  # not damaged, but of a newer Inkstand, which migrate() says
    connection.execute(f"SELECT {_MESSAGE} FROM message LIMIT 1")  # noqa: S608 - constants
    connection.execute("SELECT message, data FROM picture LIMIT 1")
    if not version:
        return "its format is not known"
    (wrong,) = connection.execute(_WRONG).fetchone()
    return f"{wrong} messages have impossible values" if wrong else None


def _salvage(damaged: Path, new: Path, given: int) -> tuple[int, int]:
    """Write what can be read into `new`; return how many messages, and the greatest id ever."""
    messages, pictures, later, looks = _read(damaged)
    with contextlib.closing(database.connect(new, table.migrate)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        kept = sum(_keep(connection, row, pictures) for row in messages.values())
        kept += sum(_keep_scheduled(connection, row) for row in later.values())
        for number, look in looks.values():
            for keep in _KEEP_LOOKS:
                connection.execute(keep, (_text(look), number))
        last = max(*connection.execute(_LAST).fetchone(), given)
        table.give_number(connection, last)
        connection.execute("COMMIT")
    return kept, last


def _read(damaged: Path) -> tuple[Rows, Rows, Rows, Rows]:
    """Return the rows of messages, of pictures, of what comes later and of looks by their ids."""
    if damage.is_empty(damaged):
        return {}, {}, {}, {}
    found = _read_all(damaged)
    return found if found[0] else _read_without_first_page(damaged)


def _read_without_first_page(damaged: Path) -> tuple[Rows, Rows, Rows, Rows]:
    """Read with the first page of a new database: it says where tables begin, the same in all."""
    copy = damaged.with_name(f"{damaged.name}.grafted")
    try:
        with contextlib.closing(database.connect(copy, table.migrate)):
            pass
        first = bytearray(copy.read_bytes()[:_PAGE])
        shutil.copyfile(damaged, copy)
        pages = copy.stat().st_size // _PAGE
        # Bytes 28 to 31 of the header are the size in pages, see https://sqlite.org/fileformat.html
        first[28:32] = pages.to_bytes(4, "big")
        with copy.open("r+b") as file:
            file.write(first)
        return _read_all(copy)
    finally:
        damage.remove(copy)


def _read_all(path: Path) -> tuple[Rows, Rows, Rows, Rows]:
    with contextlib.closing(damage.connect_to_read(path)) as connection:
        most = path.stat().st_size // 16
        return (
            _rows(connection, _MESSAGES, "id", most),
            _rows(connection, _PICTURES, "message", most),
            # An older release has made none.
            _rows(connection, _SCHEDULED, "id", most),
            {k: v for select in _LOOKS for k, v in _rows(connection, select, "id", most).items()},
        )


def _rows(connection: sqlite3.Connection, select: str, key: str, most: int) -> Rows:
    """Return what can be read from below, then from above, then one by one in between."""
    low = _until_damage(connection, f"{select} ORDER BY {key}", most)
    high = _until_damage(connection, f"{select} ORDER BY {key} DESC", most)
    between = range(max(low, default=0) + 1, min(high, default=max(low, default=0) + 1))
    found = {**high, **low}
    for number in itertools.islice(between, _MAX_PROBES):
        found |= _until_damage(connection, f"{select} WHERE {key} = {number}", 1)
    return {number: found[number] for number in sorted(found)}


def _until_damage(connection: sqlite3.Connection, sql: str, most: int) -> Rows:
    rows: Rows = {}
    with contextlib.suppress(sqlite3.DatabaseError):
        for row in itertools.islice(connection.execute(sql), most):
            if isinstance(row[0], int) and 0 < row[0] <= _GREATEST:
                rows.setdefault(row[0], row)
    return rows


def _keep(connection: sqlite3.Connection, row: tuple[Any, ...], pictures: Rows) -> int:
    """Keep a message as far as it makes sense; return how many that were: one or none."""
    number, picture = row[0], pictures.get(row[0])
    data = picture[1] if picture and isinstance(picture[1], bytes) else None
    mended = _mended(row, has_picture=bool(row[11]) and data is not None)
    for key in (row[12:], (None, None)):
        with contextlib.suppress(sqlite3.Error):
            connection.execute(_KEEP, (*mended, *_key(key)))
            if mended[11]:
                connection.execute("INSERT INTO picture VALUES (?, ?)", (number, data))
            return 1
    return 0


def _keep_scheduled(connection: sqlite3.Connection, row: tuple[Any, ...]) -> int:
    """Keep a message that comes later if its row keeps what the table asks for; return how many."""
    *values, mark, picture = row
    texts = (_text(value) if isinstance(value, bytes) else value for value in values)
    with contextlib.suppress(sqlite3.Error):
        return connection.execute(scheduled_table.KEEP, (*texts, mark, picture)).rowcount
    return 0


def _mended(row: tuple[Any, ...], *, has_picture: bool) -> tuple[Any, ...]:
    number, author, text, at, state, priority, called, expires, show_for, shown, ended, *_ = row
    now = to_number(datetime.now(UTC))
    return (
        number,
        _text(author),
        _text(text),
        _within(at, _LAST_MOMENT) or now,
        # What nobody knows to be open is not shown again.
        _one_of(State, state, State.READ),
        _one_of(Priority, priority, Priority.NORMAL),
        _within(called, _GREATEST),
        _within(expires, _LAST_MOMENT),
        _within(show_for, _LONGEST_SHOW),
        _within(shown, _LAST_MOMENT),
        _within(ended, _LAST_MOMENT),
        int(has_picture),
    )


def _key(pair: tuple[Any, ...]) -> Iterator[Any]:
    key, mark = pair
    known = isinstance(key, bytes) and isinstance(mark, bytes)
    yield _text(key) if known else None
    yield mark if known else None


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _within(value: object, greatest: int) -> int | None:
    return value if isinstance(value, int) and 0 <= value <= greatest else None


def _one_of(kind: type[State] | type[Priority], value: object, otherwise: State | Priority) -> str:
    text = _text(value)
    return text if text in {member.value for member in kind} else otherwise.value
