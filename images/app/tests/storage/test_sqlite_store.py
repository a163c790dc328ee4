"""The database on a real disk: killed, full, damaged, locked."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import random
import sqlite3
import stat
import subprocess
import sys
import threading
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.errors import StorageError, StorageFullError, StorageUnavailableError
from inkstand.messages import State, model
from inkstand.messages.store import NAME, Change, MessageStore

if TYPE_CHECKING:
    from datetime import datetime

pytestmark = pytest.mark.integration
Drafts = Any
SOURCE = Path(__file__).parents[2] / "src"
MANY = 1_000_000
BURST = Path(__file__).with_name("burst.py")
# The long form: INKSTAND_KILLS=1000.
KILLS = int(os.environ.get("INKSTAND_KILLS", "12"))


def file_in(directory: Path) -> Path:
    return directory / NAME


def killed_burst(directory: Path, word: str, after: float) -> list[tuple[int, str]]:
    """Return what a process said it kept before it was killed, `after` seconds after its first."""
    command = [sys.executable, str(BURST), str(directory), word]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(SOURCE)}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        timer = threading.Timer(after, process.kill)
        timer.start()
        lines = [first, *process.stdout.readlines()]
        timer.join()
    words = [line.split() for line in lines if line.endswith("\n")]
    return [(int(number), text) for number, text in words]


async def everything(directory: Path) -> dict[int, str]:
    async with MessageStore(directory) as store:
        page = await store.page(limit=10_000_000)
    return {message.id: message.text for message in reversed(page.messages)}


async def test_what_was_acknowledged_survives_kills_in_order_and_once(tmp_path: Path) -> None:
    chance = random.Random(4)
    told: list[tuple[int, str]] = []
    for kill in range(KILLS):
        told += await asyncio.to_thread(killed_burst, tmp_path, f"k{kill}", chance.uniform(0, 0.06))
    kept = await everything(tmp_path)
    assert len(told) >= KILLS
    assert [(number, kept.get(number)) for number, _ in told] == told
    assert [number for number, _ in told] == sorted({number for number, _ in told})
    assert len(set(kept.values())) == len(kept)
    with contextlib.closing(sqlite3.connect(file_in(tmp_path))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_commit_is_flushed_and_the_log_is_a_write_ahead_one(
    tmp_path: Path, draft: Drafts, noon: datetime
) -> None:
    async with MessageStore(tmp_path) as store:
        await store.add(draft(), noon)
        pragmas = {
            name: store._database._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "journal_mode", "foreign_keys")
        }
        assert pragmas == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}


async def test_each_add_is_a_transaction_of_its_own(
    tmp_path: Path, draft: Drafts, noon: datetime
) -> None:
    async with MessageStore(tmp_path) as store:
        statements: list[str] = []
        store._database._connection.set_trace_callback(statements.append)
        await asyncio.gather(*(store.add(draft(), noon) for _ in range(20)))
        store._database._connection.set_trace_callback(None)
    writes = [it.split()[0] for it in statements if it.split()[0] != "SELECT"]
    assert writes == ["BEGIN", "INSERT", "COMMIT"] * 20


async def test_only_its_user_can_read_the_files(
    tmp_path: Path, draft: Drafts, noon: datetime
) -> None:
    directory = tmp_path / "new" / "state"
    async with MessageStore(directory) as store:
        await store.add(draft(), noon)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert set(modes.values()) == {0o600}
    assert len(modes) == 4
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


async def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    async with MessageStore(tmp_path):
        with pytest.raises(StorageUnavailableError, match="another Inkstand"):
            await MessageStore(tmp_path).__aenter__()
    async with MessageStore(tmp_path) as store:
        assert store.outlook.wanted is None


async def test_a_place_that_is_no_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailableError, match=r"file: .*setting state_directory"):
        await MessageStore(tmp_path / "file").__aenter__()


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    async with MessageStore(tmp_path):
        pass
    with contextlib.closing(sqlite3.connect(file_in(tmp_path))) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageUnavailableError, match="newer Inkstand"):
        await MessageStore(tmp_path).__aenter__()


async def test_what_was_kept_is_there_after_reopening_and_ids_go_on(
    tmp_path: Path, draft: Drafts, noon: datetime
) -> None:
    async with MessageStore(tmp_path) as store:
        first = (await store.add(draft(idempotency_key="k"), noon)).message
        (recalled,) = await store.change(Change(1, lambda m: model.recall(m, store.outlook.calls)))
    async with MessageStore(tmp_path) as store:
        assert await store.get(1) == recalled.after
        assert store.outlook.calls == 1
        assert (await store.add(draft(idempotency_key="k"), noon)).message.id == first.id
        assert (await store.add(draft(), noon)).message.id == 2


async def test_what_is_asked_for_last_is_kept_before_it_closes(
    tmp_path: Path, draft: Drafts, noon: datetime
) -> None:
    async with MessageStore(tmp_path) as store:
        tasks = [asyncio.create_task(store.add(draft(str(n)), noon)) for n in range(60)]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert len(await everything(tmp_path)) == 60


async def test_a_database_that_may_not_grow_refuses_and_recovers(
    tmp_path: Path, draft: Drafts, noon: datetime
) -> None:
    async with MessageStore(tmp_path) as store:
        await store.add(draft("first"), noon)
        store._database._connection.execute("PRAGMA max_page_count = 20")
        with pytest.raises(StorageFullError):
            await store.add(draft("x" * 500_000), noon)
        assert (await store.get(1)).text == "first"
        store._database._connection.execute("PRAGMA max_page_count = 100000")
        assert (await store.add(draft("x" * 500_000), noon)).message.id == 2


async def fill(store: MessageStore, drafts: Drafts, noon: datetime) -> list[int]:
    """Add messages until there is no room, and return the ids of those that were kept."""
    kept: list[int] = []
    with contextlib.suppress(StorageFullError):
        while len(kept) < 10_000:
            kept.append((await store.add(drafts("x" * 2000), noon)).message.id)
    return kept


async def test_on_a_full_disk_reading_and_the_states_go_on(
    small_disk: Path, draft: Drafts, noon: datetime
) -> None:
    async with MessageStore(small_disk, MANY) as store:
        kept = await fill(store, draft, noon)
        assert 10 < len(kept) < 10_000
        (shown,) = await store.change(Change(1, lambda m: model.show(m, noon)))
        assert shown.after.state is State.SHOWN
        assert [m.id for m in (await store.page(limit=10_000)).messages] == kept[::-1]


async def test_whoever_may_only_send_leaves_room_for_the_owner(
    small_disk: Path, draft: Drafts, noon: datetime
) -> None:
    """A card with 4 MiB left has room for the owner and for nobody else."""
    async with MessageStore(small_disk) as store:
        with pytest.raises(StorageFullError):
            await store.add(draft(sender="a1b2"), noon)
        assert (await store.add(draft(), noon)).created


async def test_little_of_a_large_file_is_kept_in_memory(
    tmp_path: Path, draft: Drafts, noon: datetime
) -> None:
    used = ctypes.CDLL("libsqlite3.so.0").sqlite3_memory_used
    async with MessageStore(tmp_path) as store:
        before = used()
        for number in range(300):
            await store.add(draft(f"{number} " + "x" * 4000), noon)
        assert file_in(tmp_path).with_name(f"{NAME}-wal").stat().st_size > 1_200_000
        # 256 KiB of pages, and what SQLite notes of each.
        assert 100_000 < used() - before < 400_000


async def test_a_probe_tells_of_a_full_disk_and_of_one_that_cannot_be_written(
    small_disk: Path, draft: Drafts, noon: datetime
) -> None:
    async with MessageStore(small_disk, MANY) as store:
        await store.probe()
        await fill(store, draft, noon)
        with pytest.raises(StorageFullError):
            await store.probe()


async def test_a_probe_tells_of_a_file_system_that_became_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with MessageStore(tmp_path) as store:
        monkeypatch.setattr(
            os, "statvfs", lambda _: Namespace(f_bavail=9999, f_frsize=4096, f_flag=1)
        )
        with pytest.raises(StorageError, match="file system is read-only"):
            await store.probe()


async def test_after_a_write_that_failed_a_probe_writes_until_that_works(
    tmp_path: Path, draft: Drafts, noon: datetime
) -> None:
    async with MessageStore(tmp_path) as store:
        connection = store._database._connection
        connection.execute("PRAGMA query_only = ON")
        await store.probe()
        with pytest.raises(StorageError):
            await store.add(draft(), noon)
        with pytest.raises(StorageError, match="cannot be read or written"):
            await store.probe()
        connection.execute("PRAGMA query_only = OFF")
        await store.probe()
        assert not store._database.failed


async def test_a_probe_waits_two_seconds_for_a_disk_that_hangs(tmp_path: Path) -> None:
    async with MessageStore(tmp_path) as store:
        disk = threading.Event()
        hanging = asyncio.create_task(store._database.run(lambda _connection: disk.wait()))
        await asyncio.sleep(0)
        try:
            with pytest.raises(StorageError, match="the disk has not answered for 2 s"):
                await store.probe()
        finally:
            disk.set()
        await hanging
        await store.probe()


async def test_a_disk_that_is_full_to_the_last_byte_corrupts_nothing(
    small_disk: Path, draft: Drafts, noon: datetime
) -> None:
    ballast = small_disk / "ballast"
    async with MessageStore(small_disk, MANY) as store:
        kept = await fill(store, draft, noon)
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 4096):
                pass
        with pytest.raises(StorageFullError):
            await store.add(draft(), noon)
        with contextlib.suppress(StorageError):
            for _ in range(50):
                await store.change(
                    *(Change(n, lambda m: model.show(m, noon)) for n in kept),
                )
                await store.change(*(Change(n, model.set_aside) for n in kept))
        assert [m.id for m in (await store.page(limit=10_000)).messages] == kept[::-1]
        ballast.unlink()
        assert await store.prune(before=noon, keep=0) == 0
    with contextlib.closing(sqlite3.connect(file_in(small_disk))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
