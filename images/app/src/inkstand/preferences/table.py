"""Settings as rows of a SQLite database of their own, beside the messages: a name, and JSON.

A release that knows less of them reads what it knows, and leaves the others; one that knows
nothing of this file leaves it alone.
"""

from __future__ import annotations

import json
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

from inkstand.errors import StorageError, StorageFullError
from inkstand.preferences import packs_table
from inkstand.storage import damage, database

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "settings.sqlite3"
VERSION = 1
# A secret that was replaced is not to be found in the file either.
_PRAGMAS = (*database.PRAGMAS, "PRAGMA secure_delete = ON")
_TABLE = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    PRAGMA user_version = {VERSION};
    COMMIT;
"""
_DAMAGED = (
    "The settings were damaged ({why}). Screens, playlist and quiet hours are those of the file of "
    "settings, or none: choose them again, and add packs of your own again."
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
        without="the screens, the playlist, the quiet hours and the packs that were chosen on the "
        "page are gone",
    )


def _check(connection: sqlite3.Connection) -> str | None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        return None  # not damaged, but of a newer Inkstand, which _migrate() says
    if not version:
        return "its format is not known"
    try:
        load(connection)
    except ValueError as error:
        return str(error)
    return None


def _migrate(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise sqlite3.DatabaseError("a newer Inkstand made it")
    if version < VERSION:
        connection.executescript(_TABLE)
    packs_table.migrate(connection)


def load(connection: sqlite3.Connection) -> dict[str, object]:
    """Return what was kept, by name.

    Raises:
        ValueError: something of it is no JSON.
    """
    connection.text_factory = str
    return {name: json.loads(value) for name, value in connection.execute("SELECT * FROM setting")}


def save(connection: sqlite3.Connection, changes: Mapping[str, object]) -> None:
    """Keep `changes`, None: nothing of that name any more."""
    for name, value in changes.items():
        connection.execute("DELETE FROM setting WHERE name = ?", (name,))
        if value is not None:
            connection.execute("INSERT INTO setting VALUES (?, ?)", (name, json.dumps(value)))


def translate(error: sqlite3.Error, directory: Path) -> StorageError:
    """Return what `error` means to somebody who wants to keep settings in `directory`."""
    if database.is_full(error, directory):
        return StorageFullError("There is no room to keep settings")
    return StorageError(f"settings cannot be read or written: {error}")
