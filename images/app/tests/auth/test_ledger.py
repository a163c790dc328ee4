"""Tokens that are good now."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.auth.model import Kind
from inkstand.errors import StorageFullError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.unit
Office = Any
Records = Any


def kept(office: Office) -> dict[str, Any]:
    return dict(office.store._records)


async def test_a_new_token_is_kept_before_anybody_hears_of_it(
    office: Office, record: Records
) -> None:
    await office.ledger.add(record("a"))
    assert list(kept(office)) == ["a"]


async def test_uses_are_written_together_and_not_at_once(
    office: Office, record: Records, eventually: Callable[..., Awaitable[None]]
) -> None:
    await office.ledger.add(record("a"))
    await office.ledger.add(record("b"))
    writes = office.store.writes
    task = asyncio.create_task(office.ledger.run())
    for second in range(50):
        for number in "ab":
            office.ledger.use(office.ledger.get(number), office.now + second)
    assert office.store.writes == writes
    await eventually(lambda: office.store.writes > writes)
    assert {number: each.used for number, each in kept(office).items()} == {
        "a": int(office.now) + 49,
        "b": int(office.now) + 49,
    }
    assert office.store.writes == writes + 1
    office.ledger.use(office.ledger.get("a"), office.now + 600)
    assert not office.ledger._stale.is_set(), "ten minutes are not over"
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_the_last_use_is_written_at_the_end(office: Office, record: Records) -> None:
    await office.ledger.add(record("a"))
    office.ledger.use(office.ledger.get("a"), office.now + 5)
    await office.close()
    assert kept(office)["a"].used == int(office.now) + 5


async def test_the_last_use_is_told_before_it_is_written(office: Office, record: Records) -> None:
    await office.ledger.add(record("a"))
    office.ledger.use(office.ledger.get("a"), office.now + 5.7)
    assert [each.used for each in office.ledger.records()] == [int(office.now) + 5]
    assert kept(office)["a"].used is None


async def test_what_is_forgotten_is_worthless_although_the_store_is_full(
    office: Office, record: Records
) -> None:
    await office.ledger.add(record("a"))
    entry = office.ledger.get("a")
    office.store.full = True
    with pytest.raises(StorageFullError):
        await office.ledger.forget("a")
    assert office.ledger.get("a") is None
    assert entry.ends == -math.inf
    assert office.revoked == ["a"]


async def test_what_could_not_be_written_is_tried_again(
    office: Office,
    record: Records,
    eventually: Callable[..., Awaitable[None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await office.ledger.add(record("a"))
    office.store.full = True
    with pytest.raises(StorageFullError):
        await office.ledger.forget("a")
    task = asyncio.create_task(office.ledger.run())
    with caplog.at_level(logging.WARNING):
        await eventually(lambda: "trying again" in caplog.text)
    assert list(kept(office)) == ["a"]
    office.store.full = False
    await eventually(lambda: not kept(office))
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_token_that_goes_while_it_is_written_does_not_come_back(
    office: Office, record: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write of its last use is under way when it is revoked."""
    await office.ledger.add(record("a"))
    started, go_on = asyncio.Event(), asyncio.Event()
    write = office.store.write

    async def slow(saved: Any, forgotten: Any) -> None:
        started.set()
        await go_on.wait()
        await write(saved, forgotten)

    monkeypatch.setattr(office.store, "write", slow)
    office.ledger.use(office.ledger.get("a"), office.now)
    writing = asyncio.create_task(office.ledger.write())
    await started.wait()
    forgetting = asyncio.create_task(office.ledger.forget("a"))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(writing, forgetting)
    assert not kept(office)


async def test_to_forget_what_is_not_there_writes_nothing(office: Office) -> None:
    await office.ledger.forget("x")
    assert office.store.writes == 0
    assert office.revoked == []


async def test_one_program_has_so_many_sessions_and_no_more(
    office: Office, record: Records
) -> None:
    """The ones used least recently go; those of other programs and named tokens stay."""
    await office.ledger.add(record("browser", kind=Kind.SESSION, name="Firefox", created=1))
    await office.ledger.add(record("named", name="job", created=1))
    for number in range(100):
        await office.ledger.add(
            record(f"s{number}", kind=Kind.SESSION, name="job", created=2 + number)
        )
    office.ledger.use(office.ledger.get("s0"), office.now)
    await office.ledger.add(record("last", kind=Kind.SESSION, name="job", created=200))
    assert office.revoked == ["s1"]
    assert "s1" not in kept(office)
    assert {"browser", "named", "s0", "last"} <= set(kept(office))
