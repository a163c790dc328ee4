"""The app on a disk that stalls, and on one that returns errors."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import aiohttp

pytestmark = pytest.mark.integration
Served = Any
PROGRAM = Path(__file__).with_name("faulty_disk.py")
STALL = 5.0
PATIENCE = 60.0
SIZE = 64 << 20


class Disk:
    """A disk of its own with an ext4 on it, mounted at `folder`."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "mounted"
        self._content, self._word, self._outside = (
            place / name for name in ("content", "word", "outside")
        )
        for path in (self.folder, self._outside):
            path.mkdir()
        self._content.touch()
        os.truncate(self._content, SIZE)
        self.say("")
        self._loop = ""

    def start(self, *options: str) -> None:
        """Make its file system, with these options, and mount it."""
        run("mkfs.ext4", "-q", "-F", *options, str(self._content))
        # Told to end with the tests, so that a run that is cut off leaves no mount.
        paths = map(str, (PROGRAM, self._outside, self._content, self._word))
        arguments = [sys.executable, *paths]
        self._process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *arguments])
        deadline = time.monotonic() + PATIENCE
        while not (self._outside / "disk").exists():
            assert time.monotonic() < deadline, "the disk is not there"
            time.sleep(0.01)
        self._loop = run("losetup", "--find", "--show", str(self._outside / "disk"))
        self.mount()

    def mount(self) -> None:
        """Let its files be there."""
        run("mount", "-o", "noatime", self._loop, str(self.folder))

    def mount_anew(self) -> None:
        """Do what the next start of a Pi does."""
        run("umount", str(self.folder))
        self.mount()

    def give_up(self) -> None:
        """Let the file system find out that it cannot write its journal."""
        command = ["sync", "--file-system", str(self.folder)]
        assert subprocess.run(command, capture_output=True, check=False).returncode

    def say(self, word: str) -> None:
        """Let it stall, fail, or be well."""
        new = self._word.with_suffix(".new")
        new.write_text(word)
        new.replace(self._word)

    def end(self) -> None:
        """Remove it, whatever has become of it."""
        self.say("")
        for command in (
            ["umount", "--lazy", str(self.folder)],
            ["losetup", "--detach", self._loop],
            ["fusermount3", "-u", "-z", str(self._outside)],
        ):
            subprocess.run(command, check=False, capture_output=True)
        self._process.terminate()
        self._process.wait(PATIENCE)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout.strip()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk that can be told to stall and to fail; nothing is on it yet."""
    for name in ("mkfs.ext4", "losetup", "fusermount3", "setpriv"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
    if os.geteuid() or not Path("/dev/fuse").exists() or not Path("/dev/loop-control").exists():
        pytest.skip("a disk of its own needs root, /dev/fuse and /dev/loop-control")
    made = Disk(tmp_path)
    yield made
    made.end()


async def started(served: Callable[[Path], Served], disk: Disk, *options: str) -> Served:
    """Start the app on a new disk, whose file system has these options."""
    disk.start(*options)
    app = served(disk.folder / "state")
    await asyncio.to_thread(app.start)
    return app


async def send(client: aiohttp.ClientSession, text: str) -> int:
    async with client.post("messages", json={"text": text}) as answer:
        assert answer.status == 201 or "disk I/O error" in (await answer.json())["detail"]
        return answer.status


async def shown(client: aiohttp.ClientSession, number: int) -> None:
    """Return when that message is on the glass."""
    async with asyncio.timeout(PATIENCE):
        while await state(client, number) != "shown":  # noqa: ASYNC110 - the server is asked
            await asyncio.sleep(0.02)


async def state(client: aiohttp.ClientSession, number: int) -> str:
    async with client.get(f"messages/{number}") as answer:
        return str((await answer.json())["state"])


async def kept(client: aiohttp.ClientSession) -> list[str]:
    """Return all texts, oldest first."""
    async with client.get("messages?limit=200") as answer:
        assert answer.status == 200
        return [message["text"] for message in (await answer.json())["messages"]][::-1]


async def is_well(client: aiohttp.ClientSession) -> bool:
    async with client.get("/healthz") as answer:
        return bool((await answer.json())["status"] == "ok")


async def wait_well(client: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await is_well(client):  # noqa: ASYNC110 - the server is asked
            await asyncio.sleep(0.02)


def check_databases(directory: Path) -> None:
    for file in directory.glob("*.sqlite3"):
        with contextlib.closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_while_a_disk_stalls_the_glass_is_served_and_after_it_all_that_came_is_kept(
    served: Callable[[Path], Served], disk: Disk
) -> None:
    app = await started(served, disk)
    async with app.client() as client:
        assert await send(client, "before") == 201
        disk.say("stall")
        texts = [f"stalled {number}" for number in range(5)]
        waiting = asyncio.gather(*(send(client, text) for text in texts))
        begin = time.monotonic()
        async with client.get("panel.png") as answer:
            assert answer.status == 200
        assert not await is_well(client)
        # As long as it lasts, from which nobody is kept who asks.
        await asyncio.sleep(max(0.0, begin + STALL - time.monotonic()))
        assert not waiting.done()
        disk.say("")
        async with asyncio.timeout(PATIENCE):
            assert set(await waiting) == {201}
        await wait_well(client)
        assert sorted(await kept(client)) == ["before", *texts]
    assert app.end(signal.SIGTERM) == 0
    check_databases(disk.folder / "state")


async def fill(client: aiohttp.ClientSession, texts: list[str]) -> None:
    """Send messages, which are taken, and wait until the first is on the glass."""
    for text in texts:
        assert await send(client, text) == 201
    await shown(client, 1)


async def fail(client: aiohttp.ClientSession, disk: Disk) -> None:
    """Let the disk return errors to all that is tried meanwhile, which is told."""
    disk.say("fail")
    for number in range(5):
        assert await send(client, f"refused {number}") == 503
    async with client.post("messages/1/acknowledge") as answer:
        assert answer.status == 503
    assert not await is_well(client)
    assert (await kept(client))[0] == "before 0"


async def test_an_error_of_the_disk_is_told_and_when_it_is_over_all_is_well(
    served: Callable[[Path], Served], disk: Disk
) -> None:
    # Without a journal, which ext4 gives up for good at its first error.
    app = await started(served, disk, "-O", "^has_journal")
    taken = [f"before {number}" for number in range(5)]
    async with app.client() as client:
        await fill(client, taken)
        await fail(client, disk)
        disk.say("")
        await wait_well(client)
        assert await send(client, "after") == 201
        assert await kept(client) == [*taken, "after"]
    app.end(signal.SIGKILL)
    check_databases(disk.folder / "state")
    await asyncio.to_thread(app.start)
    async with app.client() as client:
        assert await kept(client) == [*taken, "after"]


async def test_a_file_system_that_gave_up_is_told_until_it_is_mounted_anew_and_nothing_is_lost(
    served: Callable[[Path], Served], disk: Disk
) -> None:
    app = await started(served, disk)
    taken = [f"before {number}" for number in range(5)]
    async with app.client() as client:
        await fill(client, taken)
        await fail(client, disk)
        disk.give_up()
        disk.say("")
        async with client.post("messages", json={"text": "refused"}) as answer:
            assert answer.status == 503
            assert "restart the Pi" in (await answer.json())["detail"]
        assert await kept(client) == taken
    app.end(signal.SIGKILL)
    disk.mount_anew()
    await asyncio.to_thread(app.start)
    async with app.client() as client:
        await wait_well(client)
        assert await send(client, "after") == 201
        assert await kept(client) == [*taken, "after"]


async def test_an_app_that_starts_on_a_failing_disk_shows_what_there_is(
    served: Callable[[Path], Served], disk: Disk
) -> None:
    app = await started(served, disk, "-O", "^has_journal")
    async with app.client() as client:
        await fill(client, ["before 0"])
        await fail(client, disk)
    app.end(signal.SIGKILL)
    await asyncio.to_thread(app.start)
    async with app.client() as client:
        assert await send(client, "refused") == 503
        assert await kept(client) == ["before 0"]
        disk.say("")
        await wait_well(client)
        assert await send(client, "after") == 201
        assert await kept(client) == ["before 0", "after"]
