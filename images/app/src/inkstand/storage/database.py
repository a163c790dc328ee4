"""The file of the database: made, opened, locked; and what SQLite's errors mean."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

from inkstand.errors import StorageError, StorageFullError, StorageUnavailableError
from inkstand.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

NAME = "messages.sqlite3"
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# Bytes that new messages leave free, so that what happens to old ones can still be written.
_RESERVE = 1 << 20
# And that whoever may only send leaves free for owner and history.
_OWNERS_RESERVE = 64 << 20
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A commit is on the disk before it returns, also when the power fails.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA trusted_schema = OFF",
    # KiB; the default is twice that for each connection, and small boards have little.
    "PRAGMA cache_size = -1024",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 4194304",
)


def open_locked(directory: Path) -> int:
    """Make `directory` if need be, and return a descriptor that keeps other processes out.

    Raises:
        StorageUnavailableError: it cannot be made or written to, or another process has it.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise unavailable(directory, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StorageUnavailableError(f"another Inkstand keeps messages in {directory}") from error
    return descriptor


def connect(directory: Path) -> sqlite3.Connection:
    """Return a connection for one thread; each statement is a transaction unless one is begun.

    Raises:
        StorageUnavailableError: what is there is no database, or one of a newer Inkstand.
    """
    path = directory / NAME
    try:
        make_private(path)
    except OSError as error:
        raise unavailable(directory, error) from error
    try:
        return prepared(path, _PRAGMAS, schema.migrate)
    except sqlite3.Error as error:
        raise StorageUnavailableError(f"cannot open {path}: {error}") from error


def prepared(
    path: Path, pragmas: Iterable[str], migrate: Callable[[sqlite3.Connection], None]
) -> sqlite3.Connection:
    """Return a connection that is set up and finds its tables."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    # A bit that flipped in a text must not keep people from all the others.
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    try:
        for pragma in pragmas:
            connection.execute(pragma)
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def has_room(directory: Path, *, owner: bool = True) -> bool:
    """Return whether a new message may be written: the reserve is for what happens to old ones.

    Others than the owner have to leave more.
    """
    with contextlib.suppress(OSError):
        room = os.statvfs(directory)
        return room.f_bavail * room.f_frsize >= (_RESERVE if owner else _OWNERS_RESERVE)
    return True


def require_room(connection: sqlite3.Connection, directory: Path) -> None:
    """Do nothing if messages can be read and new ones be written, as far as reading tells.

    Raises:
        StorageError: there is no room, or the disk cannot be written.
    """
    connection.execute("SELECT count(*) FROM sqlite_schema")
    if not has_room(directory):
        raise no_room()
    if os.statvfs(directory).f_flag & os.ST_RDONLY:
        raise StorageError(f"{directory} cannot be written: its file system is read-only")


def is_full(error: sqlite3.Error, directory: Path) -> bool:
    """Return whether `error` came because there is no room in `directory`."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # Where a disk is full SQLite does not always say so: a quota is an I/O error to it.
    return code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and not has_room(directory))


def translate(error: sqlite3.Error, directory: Path) -> StorageError:
    """Return what `error` means to somebody who wants to keep a message in `directory`."""
    if is_full(error, directory):
        return no_room()
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    remedy = "; they are repaired when the app is restarted" if code in _BROKEN else ""
    return StorageError(f"messages cannot be read or written: {error}{remedy}")


def no_room() -> StorageFullError:
    """Return the error that says so."""
    return StorageFullError("There is no room for another message")


def make_private(path: Path) -> None:
    """Make a file that only its owner can read; one that is there keeps its content."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)


def unavailable(directory: Path, error: OSError) -> StorageUnavailableError:
    """Return the error that says why `directory` cannot be used, and what it has to be."""
    return StorageUnavailableError(
        f"cannot keep messages in {directory}: {error.strerror}; it has to be a directory that "
        f"the user {os.geteuid()} may write to (setting state_directory)"
    )
