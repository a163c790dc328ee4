"""The owner's own packs as rows, in the database of the settings: a name, and TOML.

An Inkstand that knows nothing of them leaves this table alone; a screen that shows one is not in
use there, which it tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_TABLE = """
    CREATE TABLE IF NOT EXISTS pack (
        name TEXT PRIMARY KEY, toml TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
"""


def migrate(connection: sqlite3.Connection) -> None:
    """Make the table, unless it is there."""
    connection.execute(_TABLE)


def load(connection: sqlite3.Connection) -> dict[str, str]:
    """Return all packs, by name; a bit that flipped is for who reads them to find."""
    rows = connection.execute("SELECT CAST(name AS BLOB), CAST(toml AS BLOB) FROM pack")
    return {name.decode(errors="replace"): toml.decode(errors="replace") for name, toml in rows}


def save(connection: sqlite3.Connection, name: str, toml: str | None) -> None:
    """Keep a pack in place of the one of its name; None: there is none any more."""
    connection.execute("DELETE FROM pack WHERE name = ?", (name,))
    if toml is not None:
        connection.execute("INSERT INTO pack VALUES (?, ?)", (name, toml))
