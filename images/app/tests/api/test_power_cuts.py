"""What was acknowledged survives a power cut, whatever the disk had still to write then.

`INKSTAND_DISK_CUTS` says at how many moments (200). `INKSTAND_DISK_SEED` repeats the chance of a
run, though not what the disk was told by then.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
import signal
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from images.app.tests.api.disk import Remains, mounted
from inkstand.messages.store import MessageStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import aiohttp

    from images.app.tests.api.disk import Disk

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]
Served = Any
CUTS = int(os.environ.get("INKSTAND_DISK_CUTS", "200"))
SEED = os.environ.get("INKSTAND_DISK_SEED", secrets.token_hex(4))
WRITERS, MESSAGES = 8, 50
OPEN = ("waiting", "shown")


@dataclass
class Acknowledged:
    """What was answered with 2xx, and how long the journal of the disk was then, in bytes."""

    journal: Path
    texts: dict[int, tuple[str, int]] = field(default_factory=dict)
    read: dict[int, int] = field(default_factory=dict)

    @property
    def position(self) -> int:
        """How long the journal is."""
        return self.journal.stat().st_size

    async def send(self, client: aiohttp.ClientSession, writer: int) -> None:
        """Send one after the other."""
        for number in range(MESSAGES):
            text = f"number {number} of writer {writer}"
            async with client.post("messages", json={"text": text}) as answer:
                assert answer.status == 201
                self.texts[(await answer.json())["id"]] = text, self.position

    async def acknowledge(self, client: aiohttp.ClientSession) -> None:
        """Read what comes to the glass, until cancelled."""
        while True:
            async with client.get("messages?limit=1&state=shown") as answer:
                shown = (await answer.json())["messages"]
            for message in shown:
                async with client.post(f"messages/{message['id']}/acknowledge") as answer:
                    if answer.status == 200:
                        self.read[message["id"]] = self.position


async def fill(app: Served, disk: Disk) -> tuple[Acknowledged, int]:
    """Let eight write and one read; give what was acknowledged, and where the journal began."""
    acknowledged = Acknowledged(disk.journal)
    begun = acknowledged.position
    async with app.client() as client:
        reader = asyncio.create_task(acknowledged.acknowledge(client))
        await asyncio.gather(*(acknowledged.send(client, writer) for writer in range(WRITERS)))
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
    return acknowledged, begun


async def kept(state: Path) -> dict[int, tuple[str, str]]:
    """Return text and state of all messages there, by their id."""
    found: dict[int, tuple[str, str]] = {}
    before = None
    async with MessageStore(state) as store:
        while True:
            page = await store.page(limit=200, before=before)
            found |= {it.id: (it.text, it.state.value) for it in page.messages}
            if (before := page.next) is None:
                return found


def check(found: dict[int, tuple[str, str]], sent: Acknowledged, cut: int) -> int:
    """Find all that was acknowledged before the cut; return how many messages that were."""
    texts = {number: text for number, (text, at) in sent.texts.items() if at <= cut}
    assert {number: found.get(number, ("lost", ""))[0] for number in texts} == texts
    read = [number for number, at in sent.read.items() if at <= cut]
    assert [number for number in read if found[number][1] in OPEN] == []
    return len(texts)


def check_databases(state: Path) -> None:
    """Find each whole, and none set aside since it was not."""
    files = sorted(state.glob("*.sqlite3"))
    assert {"messages.sqlite3", "accounts.sqlite3"} <= {file.name for file in files}
    assert list(state.glob("*damaged*")) == []
    for file in files:
        with contextlib.closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_power_cut_at_any_moment_takes_nothing_that_was_acknowledged(
    served: Callable[[Path], Served], disk: Disk, tmp_path: Path
) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    disk.start()
    app = served(disk.folder / "state")
    await asyncio.to_thread(app.start)
    sent, begun = await fill(app, disk)
    app.end(signal.SIGKILL)
    cuts = sorted(chance.randint(begun, sent.position) for _ in range(CUTS))
    remains = Remains(disk.journal, tmp_path, chance)
    folder = tmp_path / "after"
    folder.mkdir()
    counts, uncertain = [], 0
    for cut in cuts:
        image, unsafe = remains.cut(cut)
        uncertain += bool(unsafe)
        with mounted(image, folder):
            counts.append(check(await kept(folder / "state"), sent, cut))
            check_databases(folder / "state")
    print(
        f"{CUTS} cuts, {uncertain} of them amid writes, of {len(sent.texts)} messages and "
        f"{len(sent.read)} that were read; {sum(counts)} looked for, none lost"
    )
    # Or it would have shown nothing.
    assert uncertain > CUTS / 4
    assert counts[-1] > counts[0]
