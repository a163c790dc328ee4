"""The tables, and how older ones become the present ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkstand.errors import StorageUnavailableError

if TYPE_CHECKING:
    import sqlite3

# Times are microseconds since 1970, UTC. A migration that was released never changes.
_MIGRATIONS = (
    """
    CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        author TEXT NOT NULL,
        text TEXT NOT NULL,
        at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'shown', 'read', 'expired', 'deleted')),
        priority TEXT NOT NULL CHECK (priority IN ('normal', 'urgent')),
        called INTEGER,
        expires_at INTEGER,
        show_for INTEGER,
        shown_at INTEGER,
        ended_at INTEGER,
        has_picture INTEGER NOT NULL CHECK (has_picture IN (0, 1)),
        idempotency_key TEXT,
        fingerprint BLOB,
        CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
    ) STRICT;
    CREATE INDEX message_by_state ON message (state, id);
    CREATE INDEX message_called ON message (called, id)
        WHERE called IS NOT NULL AND state IN ('waiting', 'shown');
    CREATE INDEX message_shown_at ON message (shown_at, id) WHERE shown_at IS NOT NULL;
    CREATE INDEX message_expiring ON message (expires_at)
        WHERE expires_at IS NOT NULL AND state IN ('waiting', 'shown');
    CREATE UNIQUE INDEX message_by_key ON message (author, idempotency_key)
        WHERE idempotency_key IS NOT NULL;
    CREATE TABLE picture (
        message INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
        data BLOB NOT NULL
    ) STRICT;
    """,
)
VERSION = len(_MIGRATIONS)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database behind `connection` up to date, each version in one transaction.

    Raises:
        StorageUnavailableError: a newer Inkstand made it.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StorageUnavailableError(
            f"the messages were written by a newer Inkstand (format {version}, "
            f"this one knows {VERSION}); install that one, or move them away"
        )
    for number in range(version, VERSION):
        connection.executescript(
            f"BEGIN IMMEDIATE; {_MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        )
