"""A SQLite database: its file, the one thread that uses it, and what SQLite's errors mean."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import fcntl
import os
import queue
import sqlite3
import threading
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from inkstand.errors import StorageError, StorageFullError, StorageUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_T = TypeVar("_T")
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# What a file system returns that has given up writing, until it is mounted anew.
_STOPPED = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY)
_RESTART = "if that stays, restart the Pi; if it comes back, replace its card"
# Bytes that new messages leave free, so that what happens to old ones can still be written.
_RESERVE = 1 << 20
# And that whoever may only send leaves free for owner and history.
_OWNERS_RESERVE = 64 << 20
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A commit is on the disk before it returns, also when the power fails.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA trusted_schema = OFF",
    # KiB of pages that are kept; the default is 2000, small boards have little, and the kernel
    # keeps the file anyway.
    "PRAGMA cache_size = -256",
)


class Database:
    """A connection, and the thread that does what is asked for on it, one after the other.

    The thread is a daemon: a disk that never answers must not keep the process alive.
    """

    def __init__(self, name: str, translate: Callable[[sqlite3.Error], StorageError]) -> None:
        self.failed = False
        self._name = name
        self._translate = translate
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._connection: sqlite3.Connection
        self._closed = True

    async def open(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """Take what `connect` returns as the connection, and start the thread."""
        self._connection = await asyncio.to_thread(connect)
        self._closed = False
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    async def close(self) -> None:
        """Finish what was asked for, close the connection and end the thread."""
        closing = self.submit(sqlite3.Connection.close)
        self._closed = True
        self._jobs.put(None)
        await asyncio.wrap_future(closing)

    async def run(self, job: Callable[[sqlite3.Connection], _T]) -> _T:
        """Return what `job` makes of the connection; a job whose turn never came can be cancelled.

        Raises:
            StorageError: SQLite raised an error; other errors of `job` come out as they are.
        """
        return await asyncio.wrap_future(self.submit(job))

    def submit(self, job: Callable[[sqlite3.Connection], _T]) -> concurrent.futures.Future[_T]:
        """Do the same without waiting for it."""
        if self._closed:
            raise RuntimeError(f"the database of {self._name} is closed")
        future: concurrent.futures.Future[_T] = concurrent.futures.Future()
        self._jobs.put(partial(self._fulfil, future, job))
        return future

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Have all that a job writes in the block on the disk at its end, or nothing of it."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            self.failed = self.failed or isinstance(error, sqlite3.Error)
            # A full disk may have rolled back already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self.failed = False

    async def write(self, job: Callable[[sqlite3.Connection], None]) -> None:
        """Have all on the disk that `job` writes, or nothing of it; raises what run() does."""

        def write(connection: sqlite3.Connection) -> None:
            with self.transaction():
                job(connection)

        await self.run(write)

    def _work(self) -> None:
        while job := self._jobs.get():
            job()

    def _fulfil(
        self,
        future: concurrent.futures.Future[_T],
        job: Callable[[sqlite3.Connection], _T],
    ) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = job(self._connection)
        except sqlite3.Error as error:
            future.set_exception(self._translate(error))
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is awaited
            future.set_exception(error)
        else:
            future.set_result(result)


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


def connect(
    path: Path, migrate: Callable[[sqlite3.Connection], None], pragmas: Iterable[str] = ()
) -> sqlite3.Connection:
    """Return a connection to a file that only its owner can read, set up and with its tables.

    Each statement is a transaction unless one is begun.
    """
    make_private(path)
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
        why = "its file system is read-only"
        raise StorageError(f"{directory} cannot be written: {why}; {_RESTART}")


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
    remedy = f"; {_RESTART}" if code in _STOPPED else remedy
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
