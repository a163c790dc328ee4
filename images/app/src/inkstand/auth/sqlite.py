"""Tokens in a SQLite database of their own, beside the messages."""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import astuple
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from inkstand.auth.model import Kind, Scope, TokenRecord
from inkstand.errors import StorageError, StorageFullError, StorageUnavailableError
from inkstand.storage import damage, database

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

_LOG = logging.getLogger(__name__)
NAME = "accounts.sqlite3"
_VERSION = 1
# That a datetime knows.
_LAST_SECOND = 253_402_300_799
_PRAGMAS = (
    *database.PRAGMAS,
    "PRAGMA cache_size = -256",
    # What was forgotten is not to be found in the file either.
    "PRAGMA secure_delete = ON",
)
_TABLE = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE token (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('session', 'token')),
        user TEXT NOT NULL,
        name TEXT NOT NULL,
        scope TEXT NOT NULL CHECK (scope IN ('read', 'post', 'admin')),
        created INTEGER NOT NULL,
        expires INTEGER,
        used INTEGER,
        credential TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = {_VERSION};
    COMMIT;
"""
_SAVE = "INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LOAD = "SELECT * FROM token ORDER BY created, id"


class SqliteTokenStore:
    """Keeps records in `directory`, which has to be there; one thread does all that waits."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._database = database.Database("accounts", self._translate)

    async def __aenter__(self) -> Self:
        """Open the database, and make it if need be.

        Raises:
            StorageUnavailableError: it cannot be opened.
        """
        await self._database.open(partial(_open, self._directory / NAME))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what was asked for, and close the database."""
        await self._database.close()

    async def load(self) -> tuple[TokenRecord, ...]:
        """Return all records, oldest first."""
        return await self._database.run(_load)

    async def write(self, saved: Iterable[TokenRecord], forgotten: Iterable[str]) -> None:
        """Keep `saved` and drop those with an id in `forgotten`; all of it or nothing."""
        rows = [_row_of(record) for record in saved]
        numbers = [(number,) for number in forgotten]

        def job(connection: sqlite3.Connection) -> None:
            with self._database.transaction():
                connection.executemany(_SAVE, rows)
                connection.executemany("DELETE FROM token WHERE id = ?", numbers)

        await self._database.run(job)

    def _translate(self, error: sqlite3.Error) -> StorageError:
        if database.is_full(error, self._directory):
            return StorageFullError("There is no room to keep accounts")
        return StorageError(f"accounts cannot be read or written: {error}")


def _open(path: Path) -> sqlite3.Connection:
    try:
        if why := damage.reason(path, _check):
            _set_aside(path, why)
        connection = database.connect(path, _migrate, _PRAGMAS)
        damage.set_mark(path, 0)
    except (OSError, sqlite3.Error) as error:
        raise StorageUnavailableError(
            f"cannot open {path}: {error}; without it everybody has to log in again, and all "
            "tokens are gone"
        ) from error
    return connection


def _set_aside(path: Path, why: str) -> None:
    """Begin without tokens: among those that can be read may be one that was revoked, or widened.

    The owner gets in by the password, whose hash is not in this file.
    """
    suffix = damage.now_as_suffix()
    kept = f"is kept as {path.name}{suffix}" if path.exists() else "is not there"
    sentence = (
        f"The accounts were damaged ({why}). All sessions have ended and no token is good any "
        f"more: log in with the password, and make new tokens. What was damaged {kept}."
    )
    _LOG.error("%s", sentence)
    damage.set_aside(path, suffix, sentence)


def _check(connection: sqlite3.Connection) -> str | None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        return None  # not damaged, but of a newer Inkstand, which _migrate() says
    connection.text_factory = str
    rows = connection.execute(_LOAD).fetchall()
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


def _load(connection: sqlite3.Connection) -> tuple[TokenRecord, ...]:
    return tuple(_record_of(row) for row in connection.execute(_LOAD))


def _row_of(record: TokenRecord) -> tuple[object, ...]:
    number, kind, user, name, scope, *rest = astuple(record)
    return (number, str(kind), user, name, Scope(scope).word, *rest)


def _record_of(row: tuple[Any, ...]) -> TokenRecord:
    number, kind, user, name, scope, created, expires, used, credential = row
    return TokenRecord(
        id=number,
        kind=Kind(kind),
        user=user,
        name=name,
        scope=Scope.of(scope),
        created=created,
        expires=expires,
        used=used,
        credential=credential,
    )
