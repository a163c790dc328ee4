"""The database of accounts as a file on a disk."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.accounts import people_table
from inkstand.accounts.registry import TokenRegistry
from inkstand.accounts.table import NAME, load, translate
from inkstand.errors import StorageError, StorageFullError, StorageUnavailableError
from inkstand.storage import database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.integration
Records = Any


@contextlib.asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[TokenRegistry]:
    registry = TokenRegistry(directory, lambda _: None)
    await registry.open()
    yield registry
    await registry.close()


async def test_records_are_there_after_a_restart(tmp_path: Path, record: Records) -> None:
    async with opened(tmp_path) as registry:
        await registry.add(record())
    async with opened(tmp_path) as registry:
        assert registry.records() == (record(),)


async def test_nobody_else_may_read_the_file(tmp_path: Path, record: Records) -> None:
    (tmp_path / NAME).touch(mode=0o644)
    async with opened(tmp_path) as registry:
        await registry.add(record())
        files = [tmp_path / f"{NAME}{end}" for end in ("", "-wal", "-shm")]
        assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3


async def test_what_cannot_be_opened_is_said_with_its_path(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(StorageUnavailableError, match=NAME):
        await TokenRegistry(tmp_path, print).open()


async def test_a_database_of_a_newer_inkstand_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / NAME)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageUnavailableError, match="newer Inkstand"):
        await TokenRegistry(tmp_path, print).open()
    connection = sqlite3.connect(tmp_path / NAME)
    assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    connection.close()


async def test_a_write_is_all_or_nothing_and_its_error_is_told(
    tmp_path: Path, record: Records
) -> None:
    """The session that is too much stays when the one that takes its place cannot be kept."""
    async with opened(tmp_path) as registry:
        await registry.add(record("a"))
        registry._unremoved.add("a")
        with pytest.raises(StorageError, match="cannot be read or written"):
            await registry.add(record("c", created="not a number"))
        assert [kept.id for kept in await registry.database.run(load)] == ["a"]


async def test_a_full_disk_is_told_as_one(tmp_path: Path, record: Records) -> None:
    async with opened(tmp_path) as registry:
        registry.database._connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StorageFullError):
            await registry.add(record(name="x" * 10_000))


async def test_an_io_error_where_there_is_no_room_is_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    assert type(translate(error, tmp_path)) is StorageError
    monkeypatch.setattr(database, "has_room", lambda _: False)
    assert type(translate(error, tmp_path)) is StorageFullError


CHILD = """
import asyncio, pathlib, sys
from inkstand.accounts.model import Kind, Scope, TokenRecord
from inkstand.accounts.registry import TokenRegistry
async def main():
    registry = TokenRegistry(pathlib.Path(sys.argv[1]), lambda _: None)
    await registry.open()
    for number in range(1_000_000):
        record = TokenRecord(id=str(number), kind=Kind.TOKEN, user="a", name="b",
                             scope=Scope.READ, created=number, expires=None)
        registry._unremoved.add(str(number - 3))
        await registry.add(record)
        print(number, flush=True)
asyncio.run(main())
"""


def test_what_was_written_survives_a_kill(tmp_path: Path) -> None:
    """A write that returned is there; what was revoked stays revoked."""
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(20)]
        child.send_signal(signal.SIGKILL)
        last = int([*lines, *child.stdout.readlines()][-1])
    connection = sqlite3.connect(tmp_path / NAME)
    rows = connection.execute("SELECT id FROM token ORDER BY created").fetchall()
    connection.close()
    kept = [int(number) for (number,) in rows]
    # The next one may have been written, and not told.
    assert kept in ([last - 2, last - 1, last], [last - 1, last, last + 1])


async def test_a_database_of_before_there_were_people_gets_their_tables_and_keeps_its_version(
    tmp_path: Path, record: Records
) -> None:
    async with opened(tmp_path) as registry:
        await registry.add(record())
    connection = sqlite3.connect(tmp_path / NAME)
    for name in ("person", "invitation", "guest", "owner_password"):
        connection.execute(f"DROP TABLE {name}")
    connection.close()
    async with opened(tmp_path) as registry:
        assert registry.records() == (record(),)
        assert await registry.database.run(people_table.load_people) == ()
    connection = sqlite3.connect(tmp_path / NAME)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()
