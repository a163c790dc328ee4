"""Tokens as rows of a SQLite database of their own, beside the messages."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple
from functools import partial
from typing import TYPE_CHECKING, Any

from inkstand.accounts import people_table
from inkstand.accounts.model import Kind, Scope, TokenRecord
from inkstand.errors import StorageError, StorageFullError
from inkstand.storage import damage, database

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NAME = "accounts.sqlite3"
_VERSION = 1
# That a datetime knows.
_LAST_SECOND = 253_402_300_799
_PRAGMAS = (
    *database.PRAGMAS,
    # What was forgotten is not to be found in the file either.
    "PRAGMA secure_delete = ON",
)
_COLUMNS = """
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('session', 'token')),
        user TEXT NOT NULL,
        name TEXT NOT NULL,
        scope TEXT NOT NULL CHECK (scope IN ({scopes})),
        created INTEGER NOT NULL,
        expires INTEGER,
        used INTEGER,
        credential TEXT NOT NULL
"""
_TABLE = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE token ({_COLUMNS.format(scopes="'read', 'post', 'admin'")}) STRICT, WITHOUT ROWID;
    PRAGMA user_version = {_VERSION};
    COMMIT;
"""
# Of their own, since an Inkstand of before there were any takes another word in `token` for damage.
_METRICS_TABLE = f"""
    CREATE TABLE metrics_token ({_COLUMNS.format(scopes="'metrics'")}) STRICT, WITHOUT ROWID;
"""
_LOAD_FORMER = "SELECT * FROM token ORDER BY created, id"
_LOAD = "SELECT * FROM token UNION ALL SELECT * FROM metrics_token ORDER BY created, id"
_SAVE = "INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SAVE_METRICS = "INSERT INTO metrics_token VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_USE = (
    "UPDATE token SET used = ? WHERE id = ?",
    "UPDATE metrics_token SET used = ? WHERE id = ?",
)
_REMOVE = ("DELETE FROM token WHERE id = ?", "DELETE FROM metrics_token WHERE id = ?")
# Among the tokens that can be read may be one that was revoked, or widened. The owner gets in by
# the password of the settings, whose hash is not in this file.
_DAMAGED = (
    "The accounts were damaged ({why}). All sessions have ended and no token is good any more: log "
    "in with the password, and make new tokens. People have to be invited again, and the password "
    "is that of the settings."
)


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to the database at `path`; make it, or set a damaged one aside.

    Raises:
        StorageUnavailableError: it cannot be opened.
    """
    return damage.connect_sound(
        path,
        _check,
        partial(database.connect, path, _migrate, _PRAGMAS),
        sentence=_DAMAGED,
        without="everybody has to log in again, and all tokens are gone",
    )


def _check(connection: sqlite3.Connection) -> str | None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        return None  # not damaged, but of a newer Inkstand, which _migrate() says
    connection.text_factory = str
    load = _LOAD if _has_metrics(connection) else _LOAD_FORMER
    rows = connection.execute(load).fetchall()
    if not version:
        return "its format is not known"
    try:
        sound = all(_is_sound(_record_of(row)) for row in rows)
    except ValueError as error:
        return str(error)
    return None if sound else "times in it are impossible"


def _is_sound(record: TokenRecord) -> bool:
    times = (record.created, record.expires or 0, record.used or 0)
    return all(0 <= time <= _LAST_SECOND for time in times)


def _migrate(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        raise sqlite3.DatabaseError("a newer Inkstand made it")
    if version < _VERSION:
        connection.executescript(_TABLE)
    if not _has_metrics(connection):
        connection.execute(_METRICS_TABLE)
    people_table.migrate(connection)


def _has_metrics(connection: sqlite3.Connection) -> bool:
    known = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'metrics_token'")
    return known.fetchone() is not None


def load(connection: sqlite3.Connection) -> tuple[TokenRecord, ...]:
    """Return all records, oldest first."""
    return tuple(_record_of(row) for row in connection.execute(_LOAD))


def save(connection: sqlite3.Connection, record: TokenRecord) -> None:
    """Keep a new record."""
    statement = _SAVE_METRICS if record.scope is Scope.METRICS else _SAVE
    connection.execute(statement, _row_of(record))


def use(connection: sqlite3.Connection, token_id: str, now: float) -> None:
    """Keep when the token `token_id` was used; one that is gone stays so."""
    for statement in _USE:
        connection.execute(statement, (int(now), token_id))


def remove(connection: sqlite3.Connection, token_ids: Iterable[str]) -> None:
    """Drop the records with these ids; one that is not there is dropped already."""
    gone = [(token_id,) for token_id in token_ids]
    for statement in _REMOVE:
        connection.executemany(statement, gone)


def translate(error: sqlite3.Error, directory: Path) -> StorageError:
    """Return what `error` means to somebody who wants to keep tokens in `directory`."""
    if database.is_full(error, directory):
        return StorageFullError("There is no room to keep accounts")
    return StorageError(f"accounts cannot be read or written: {error}")


def _row_of(record: TokenRecord) -> tuple[object, ...]:
    token_id, kind, user, name, scope, *rest = astuple(record)
    return (token_id, str(kind), user, name, Scope(scope).word, *rest)


def _record_of(row: tuple[Any, ...]) -> TokenRecord:
    token_id, kind, user, name, scope, created, expires, used, credential = row
    return TokenRecord(
        id=token_id,
        kind=Kind(kind),
        user=user,
        name=name,
        scope=Scope.of(scope),
        created=created,
        expires=expires,
        used=used,
        credential=credential,
    )
