"""The app as a process: killed while messages come, and on a disk that is full."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration
Served = Any
# The long form: INKSTAND_KILLS=1000.
KILLS = int(os.environ.get("INKSTAND_KILLS", "4"))
BURST = 50
PATIENCE = 60.0
CUT_OFF = (aiohttp.ClientError, ConnectionError)


@dataclass
class Correspondence:
    """What was sent, what was answered, and what was seen on the glass, in that order."""

    answered: dict[int, str] = field(default_factory=dict)
    unanswered: dict[str, str] = field(default_factory=dict)
    seen: list[int] = field(default_factory=list)

    async def send(self, client: aiohttp.ClientSession, text: str, key: str | None) -> None:
        """Send a message; one with a key is sent again later if there is no answer."""
        if key is not None:
            self.unanswered[key] = text
        headers = {} if key is None else {"Idempotency-Key": key}
        with contextlib.suppress(*CUT_OFF):
            async with client.post("messages", json={"text": text}, headers=headers) as answer:
                assert answer.status == 201
                message = await answer.json()
            assert message["text"] == text
            self.answered[message["id"]] = text
            self.unanswered.pop(key or "", None)

    async def burst(self, client: aiohttp.ClientSession, word: str) -> None:
        """Send what was not answered last time, and 50 more, every other one with a key."""
        again = [self.send(client, text, key) for key, text in self.unanswered.items()]
        new = [
            self.send(client, f"{word}-{n}", f"key-{word}-{n}" if n % 2 else None)
            for n in range(BURST)
        ]
        await asyncio.gather(*again, *new)

    async def read(self, client: aiohttp.ClientSession) -> None:
        """Say of whatever is shown that it was read, until nothing is or the app ends."""
        with contextlib.suppress(*CUT_OFF):
            while (message := await shown(client)) is not None:
                async with client.post(f"messages/{message}/acknowledge") as answer:
                    if answer.status == 200:
                        self.seen.append(message)


async def shown(client: aiohttp.ClientSession) -> int | None:
    """Return the message that is on the glass, as soon as it is there; None when there is none."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if on_glass := await newest(client, "shown"):
                return on_glass
            if await newest(client, "waiting,shown") is None:
                return None


async def newest(client: aiohttp.ClientSession, states: str) -> int | None:
    async with client.get(f"messages?limit=1&state={states}") as answer:
        messages = (await answer.json())["messages"]
    return int(messages[0]["id"]) if messages else None


async def history(client: aiohttp.ClientSession) -> list[dict[str, Any]]:
    """Return all messages, oldest first."""
    messages: list[dict[str, Any]] = []
    before = ""
    while True:
        async with client.get(f"messages?limit=200{before}") as answer:
            assert answer.status == 200
            page = await answer.json()
        messages += page["messages"]
        if page["next"] is None:
            return messages[::-1]
        before = f"&before={page['next']}"


async def one_life(app: Served, post: Correspondence, word: str, after: float) -> None:
    """Start the app, send and read until it is killed after that many seconds."""
    await asyncio.to_thread(app.start)
    async with app.client() as client:
        jobs = [asyncio.create_task(job) for job in (post.burst(client, word), post.read(client))]
        await asyncio.sleep(after)
        await asyncio.to_thread(app.end, signal.SIGKILL)
        await asyncio.gather(*jobs)


async def test_messages_that_were_answered_survive_kills_in_order_and_once(
    served: Callable[[Path], Served], tmp_path: Path
) -> None:
    chance, post, app = random.Random(3), Correspondence(), served(tmp_path)
    for kill in range(KILLS):
        await one_life(app, post, f"k{kill}", chance.uniform(0, 0.15))
    await asyncio.to_thread(app.start)
    async with app.client() as client:
        await post.burst(client, "last")
        kept = await history(client)
        await post.read(client)
        states = {message["state"] for message in await history(client)}
    assert app.end(signal.SIGTERM) == 0
    check_databases(tmp_path)

    texts = {message["id"]: message["text"] for message in kept}
    assert len(post.answered) >= BURST
    assert not post.unanswered
    assert {number: texts.get(number) for number in post.answered} == post.answered
    assert len(set(texts.values())) == len(texts)
    assert states == {"read"}
    # In order, each at most once: one may be read and the answer be cut off.
    assert post.seen == sorted(set(post.seen))
    assert len(texts) - KILLS <= len(post.seen) <= len(texts)


async def fill(client: aiohttp.ClientSession) -> list[int]:
    """Send messages until there is no room, and return the ids of those that were kept."""
    kept: list[int] = []
    while True:
        async with client.post("messages", json={"text": "x" * 2000}) as answer:
            body = await answer.json()
        if answer.status != 201:
            assert (answer.status, answer.content_type) == (507, "application/problem+json")
            assert body["code"] == "storage-full"
            return kept
        kept.append(body["id"])


def check_databases(directory: Path) -> None:
    for file in directory.glob("*.sqlite3"):
        with contextlib.closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def glass(client: aiohttp.ClientSession) -> bytes:
    async with client.get("panel.png") as answer:
        assert answer.status == 200
        return await answer.read()


async def test_on_a_full_disk_reading_and_the_panel_go_on_and_nothing_is_damaged(
    served: Callable[[Path], Served], small_disk: Path
) -> None:
    app = served(small_disk)
    ballast = small_disk / "ballast"
    await asyncio.to_thread(app.start)
    async with app.client() as client:
        kept = await fill(client)
        assert 10 < len(kept) < 10_000
        # There is room for what happens to messages that were kept.
        post = Correspondence()
        while len(post.seen) < 3:
            message = await shown(client)
            async with client.post(f"messages/{message}/acknowledge") as answer:
                assert answer.status == 200
            post.seen.append(message or 0)
        assert post.seen == kept[:3]

        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 4096):
                pass
        assert await fill(client) == []
        assert [message["id"] for message in await history(client)] == kept
        before = await glass(client)
        async with client.put("screen", json={"screen": "status"}) as answer:
            assert answer.status == 200
        async with asyncio.timeout(60):
            while await glass(client) == before:  # noqa: ASYNC110 - the server is asked
                await asyncio.sleep(0.01)
        async with client.post("preview", json={"text": "Hello"}) as answer:
            assert answer.status == 200

        ballast.unlink()
        assert [message["id"] for message in await history(client)] == kept
    assert app.end(signal.SIGTERM) == 0
    check_databases(small_disk)
