"""The app on a disk that stalls, and on one that returns errors."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import time
from typing import TYPE_CHECKING, Any

import pytest

from images.app.tests.api.disk import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import aiohttp

    from images.app.tests.api.disk import Disk

pytestmark = pytest.mark.integration
Served = Any
STALL = 5.0


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
