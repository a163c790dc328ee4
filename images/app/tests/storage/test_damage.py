"""Databases that were damaged in many ways: all start, serve, and say what happened."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from inkstand import bootstrap
from inkstand.accounts.model import Kind, Scope, TokenRecord
from inkstand.accounts.registry import TokenRegistry
from inkstand.accounts.table import NAME as ACCOUNTS
from inkstand.api.app import make_app
from inkstand.messages import Draft, State, model
from inkstand.messages.store import NAME, Change, MessageStore
from inkstand.storage import damage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytestmark = pytest.mark.integration
PAGE = 4096
MESSAGES = 200


def change(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def flip(path: Path, bits: int) -> None:
    data, chance = bytearray(path.read_bytes()), random.Random(bits)
    for _ in range(bits):
        at = chance.randrange(8 * len(data))
        data[at // 8] ^= 1 << at % 8
    path.write_bytes(data)


def execute(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def pages(path: Path, kind: int) -> list[int]:
    """Return the offsets of pages of that type of b-tree: 13 a leaf of a table, 10 of an index."""
    data = path.read_bytes()
    return [at for at in range(PAGE, len(data), PAGE) if data[at] == kind]


def root_of_messages(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'message'"
        return PAGE * (int(connection.execute(sql).fetchone()[0]) - 1)


def set_aside(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.damaged-*"))


def write_wal(path: Path) -> None:
    path.with_name(f"{path.name}-wal").write_bytes(random.Random(0).randbytes(3 * PAGE))


def write_text(path: Path, sql: str) -> None:
    execute(path, "PRAGMA ignore_check_constraints = ON", sql)


@dataclass(frozen=True)
class Damage:
    """A kind of damage; of 200 messages at least `left` are left, and it is said where `told`."""

    name: str
    do: Callable[[Path], object]
    left: int
    told: bool = True


KINDS = (
    Damage("halved", lambda path: os.truncate(path, path.stat().st_size // 2), 20),
    Damage("cut to 100 bytes", lambda path: os.truncate(path, 100), 0),
    Damage("empty", lambda path: os.truncate(path, 0), 0),
    Damage("removed", lambda path: path.unlink(), 0),
    Damage("30 bits", lambda path: flip(path, 30), 100),
    Damage("300 bits", lambda path: flip(path, 300), 20),
    Damage("no header", lambda path: change(path, 0, b"x" * 100), 200),
    Damage("no first page", lambda path: change(path, 0, bytes(PAGE)), 200),
    Damage("a text", lambda path: path.write_bytes(b"my holiday\n" * 9999), 0),
    Damage("noise", lambda path: path.write_bytes(random.Random(1).randbytes(9 * PAGE)), 0),
    Damage("no table", lambda path: execute(path, "DROP TABLE message"), 0),
    Damage("no version", lambda path: execute(path, "PRAGMA user_version = 0"), 200),
    Damage("a leaf of zeros", lambda path: change(path, pages(path, 13)[3], bytes(PAGE)), 100),
    Damage(
        "a leaf of noise", lambda path: change(path, pages(path, 13)[3] + 8, b"\xff" * 999), 100
    ),
    Damage("an index", lambda path: change(path, pages(path, 10)[0] + 8, b"\xff" * 999), 200),
    Damage("the root", lambda path: change(path, root_of_messages(path), bytes(PAGE)), 0),
    Damage("times", lambda path: write_text(path, "UPDATE message SET at = 1 << 62"), 200),
    Damage("states", lambda path: write_text(path, "UPDATE message SET state = 'waitinh'"), 200),
    Damage("a log of noise", write_wal, 200, told=False),
    Damage(
        "no utf-8",
        lambda path: execute(path, "UPDATE message SET text = CAST(x'ff48' AS TEXT)"),
        200,
        told=False,
    ),
)


@pytest.fixture
def record() -> Callable[..., TokenRecord]:
    """A token by its id."""
    return lambda number="0123": TokenRecord(
        id=number,
        kind=Kind.TOKEN,
        user="owner",
        name="kitchen",
        scope=Scope.POST,
        created=1_800_000_000,
        expires=None,
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with 200 messages, one of them shown; not to be written to."""
    directory, noon = tmp_path_factory.mktemp("whole"), datetime(2026, 11, 21, 12, tzinfo=UTC)

    async def fill() -> None:
        async with MessageStore(directory) as store:
            for number in range(1, MESSAGES + 1):
                await store.add(Draft(author="ada", text=f"text {number} " + "x" * 400), noon)
            await store.change(Change(5, lambda message: model.show(message, noon)))

    # A loop of this thread would take the place of that of the tests.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, fill()).result()
    return directory


@pytest.fixture
def state(tmp_path: Path, whole: Path) -> Path:
    """A copy of it."""
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_messages_are_kept_as_far_as_they_can_be_read_and_it_is_said(
    state: Path, draft: Any, noon: datetime, kind: Damage
) -> None:
    path = state / NAME
    kind.do(path)
    async with MessageStore(state) as store:
        messages = (await store.page(limit=1000, states=tuple(State))).messages
        new = (await store.add(draft("new"), noon)).message
        await store.change(Change(new.id, lambda message: model.show(message, noon)))
        assert (await store.get(new.id)).text == "new"
        await store.counts()
    assert len(messages) >= kind.left
    assert new.id > MESSAGES
    told = damage.notices(state)
    assert len(told) == kind.told
    for name, sentence in told.items():
        assert sentence.startswith("The database of messages was damaged (")
        assert f"{len(messages)} of them could be read into a new one" in sentence
        assert f"remove {name.removesuffix('.txt')}* from {state}" in sentence
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@contextlib.asynccontextmanager
async def served(settings: Any) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the app that runs as `serve` runs it."""
    system = bootstrap.build(settings)
    listener = bootstrap.listen("127.0.0.1", 0)
    url = bootstrap.url_of(listener)
    stop, ready = asyncio.Event(), asyncio.Event()
    app = make_app(system.services)
    running = asyncio.create_task(bootstrap.run(system, app, listener, stop, ready.set))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    try:
        assert ready.is_set(), running.exception()
        async with aiohttp.ClientSession(url) as client:
            yield client
    finally:
        stop.set()
        await running


async def logged_in(client: aiohttp.ClientSession, password: str) -> dict[str, str]:
    body = {"username": "owner", "password": password}
    async with client.post("/api/v1/session", json=body) as answer:
        assert answer.status == 201
        return {"Authorization": f"Bearer {(await answer.json())['token']}"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_the_app_starts_serves_and_tells_it_on_the_panel_and_to_machines(
    state: Path, make_settings: Callable[..., Any], password: str, kind: Damage
) -> None:
    kind.do(state / NAME)
    options = {"panel": "memory", "button": "none", "state_directory": state}
    # What is on the panel already does not come again.
    for _ in range(2 if kind is KINDS[0] else 1):
        async with served(make_settings(**options)) as client:
            headers = await logged_in(client, password)
            for path in ("messages?limit=200", "status", "screen"):
                async with client.get(f"/api/v1/{path}", headers=headers) as answer:
                    assert answer.status == 200
            body = {"text": "Hello"}
            async with client.post("/api/v1/messages", json=body, headers=headers) as answer:
                assert answer.status == 201
            async with client.get("/healthz") as answer:
                health = await answer.json()
            async with client.get("/api/v1/status", headers=headers) as answer:
                errors = [error["what"] for error in (await answer.json())["errors"]]
            async with client.get("/api/v1/messages?limit=200", headers=headers) as answer:
                messages = (await answer.json())["messages"]
        assert (health["status"], health["storage"]) == ("ok", "ok")
        assert bool(health.get("notices")) is kind.told
        assert errors == health.get("notices", [])
        notices = [message for message in messages if message["author"] == "Inkstand"]
        assert [message["text"] for message in notices] == health.get("notices", [])


async def test_what_is_read_is_what_was_there(state: Path, draft: Any, noon: datetime) -> None:
    async with MessageStore(state) as store:
        with_key = draft("keyed", idempotency_key="k", picture=b"PNG")
        await store.add(with_key, noon)
        before = (await store.page(limit=1000)).messages
    change(state / NAME, 0, bytes(PAGE))
    async with MessageStore(state) as store:
        assert (await store.page(limit=1000)).messages == before
        assert await store.picture(MESSAGES + 1) == b"PNG"
        assert (await store.add(with_key, noon)).created is False


async def test_what_was_damaged_is_kept_as_it_was(state: Path) -> None:
    path = state / NAME
    flip(path, 300)
    damaged = path.read_bytes()
    async with MessageStore(state):
        pass
    (aside,) = (file for file in set_aside(state) if file.suffix != ".txt")
    assert aside.read_bytes() == damaged


async def test_it_is_said_until_the_files_are_removed(state: Path) -> None:
    os.truncate(state / NAME, PAGE)
    for _ in range(2):
        async with MessageStore(state):
            assert len(damage.notices(state)) == 1
    for file in set_aside(state):
        file.unlink()
    async with MessageStore(state):
        assert damage.notices(state) == {}


async def test_a_power_cut_between_the_two_names_loses_nothing(state: Path) -> None:
    path = state / NAME
    path.rename(state / f"{NAME}.repaired")
    async with MessageStore(state) as store:
        assert len((await store.page(limit=1000)).messages) == MESSAGES
    assert damage.notices(state) == {}


@contextlib.asynccontextmanager
async def open_registry(directory: Path) -> AsyncIterator[TokenRegistry]:
    registry = TokenRegistry(directory, lambda _: None)
    await registry.open()
    yield registry
    await registry.close()


async def test_a_first_start_says_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        async with MessageStore(tmp_path), open_registry(tmp_path):
            assert damage.notices(tmp_path) == {}


async def test_accounts_of_before_there_were_metrics_are_taken_over(
    tmp_path: Path, record: Any
) -> None:
    async with open_registry(tmp_path) as registry:
        await registry.add(record())
    execute(tmp_path / ACCOUNTS, "DROP TABLE metrics_token")
    async with open_registry(tmp_path) as registry:
        await registry.add(replace(record("4567"), scope=Scope.METRICS))
        assert [kept.id for kept in registry.records()] == ["0123", "4567"]
    assert damage.notices(tmp_path) == {}


@pytest.mark.parametrize(
    "do",
    [
        lambda path: path.write_bytes(b"overwritten"),
        lambda path: os.truncate(path, 0),
        lambda path: path.unlink(),
        lambda path: change(path, 0, bytes(PAGE)),
        lambda path: execute(path, "DROP TABLE token"),
        lambda path: write_text(path, "UPDATE token SET scope = 'all'"),
        lambda path: write_text(path, "UPDATE token SET expires = 1 << 60"),
    ],
)
async def test_damaged_accounts_let_nobody_in_but_the_owner_and_say_so(
    tmp_path: Path, record: Any, do: Callable[[Path], object]
) -> None:
    async with open_registry(tmp_path) as registry:
        await registry.add(record())
    do(tmp_path / ACCOUNTS)
    async with open_registry(tmp_path) as registry:
        assert registry.records() == ()
        await registry.add(record("4567"))
    (sentence,) = damage.notices(tmp_path).values()
    assert "log in with the password, and make new tokens" in sentence
    async with open_registry(tmp_path) as registry:
        assert [kept.id for kept in registry.records()] == ["4567"]
