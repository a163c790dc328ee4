"""Tokens that are good now, and what is written of them."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.accounts import registry as module
from inkstand.accounts.model import Kind, Scope
from inkstand.errors import StorageFullError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.integration
Office = Any
Records = Any


async def kept(office: Office) -> dict[str, Any]:
    return dict(await office.registry.kept())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kind": Kind.SESSION, "scope": Scope.ADMIN, "credential": "a1b2", "expires": 1},
        {"scope": Scope.READ, "used": 1_800_000_001},
        {"scope": Scope.METRICS, "used": 1_800_000_001},
        {"name": "Küche 🍳 '; DROP TABLE token; --", "user": "שלום"},
        {"expires": 253_402_300_799},
    ],
    ids=range(6),
)
async def test_a_new_token_is_kept_as_it_is_before_anybody_hears_of_it(
    office: Office, record: Records, changes: dict[str, Any]
) -> None:
    await office.registry.add(record("a", **changes))
    assert await kept(office) == {"a": record("a", **changes)}


async def test_records_come_oldest_first(office: Office, record: Records) -> None:
    for number, created in (("b", 2), ("a", 2), ("c", 1)):
        await office.registry.add(record(number, created=created))
    assert list(await kept(office)) == ["c", "a", "b"]


async def test_a_last_use_is_written_at_most_every_ten_minutes_for_each_token(
    office: Office, record: Records
) -> None:
    for number in "ab":
        await office.registry.add(record(number))
    for second in range(0, 1201, 10):
        for number in "ab":
            office.registry.use(office.registry.get(number), office.now + second)
    found = await kept(office)
    assert office.registry.uses == 6
    assert {each.used for each in found.values()} == {int(office.now) + 1200}


async def test_ten_minutes_are_not_over_after_a_restart(office: Office, record: Records) -> None:
    await office.registry.add(record("a"))
    office.registry.use(office.registry.get("a"), office.now)
    await office.reopen()
    office.registry.use(office.registry.get("a"), office.now + 599)
    assert (await kept(office))["a"].used == office.now
    office.registry.use(office.registry.get("a"), office.now + 600)
    assert (await kept(office))["a"].used == office.now + 600


async def test_the_last_use_is_told_before_it_is_written(office: Office, record: Records) -> None:
    await office.registry.add(record("a", used=int(office.now)))
    office.registry.use(office.registry.get("a"), office.now + 5.7)
    assert [each.used for each in office.registry.records()] == [int(office.now) + 5]
    assert (await kept(office))["a"].used == office.now


async def test_tokens_for_metrics_are_used_and_forgotten_like_others(
    office: Office, record: Records
) -> None:
    for number, created in (("a", 2), ("b", 1)):
        await office.registry.add(record(number, scope=Scope.METRICS, created=created))
    await office.registry.add(record("c", created=3))
    office.registry.use(office.registry.get("a"), office.now)
    await office.registry.forget("b")
    await office.reopen()
    records = office.registry.records()
    assert [(each.id, each.used) for each in records] == [("a", int(office.now)), ("c", None)]


async def test_a_last_use_that_cannot_be_written_harms_nobody(
    office: Office, record: Records, caplog: pytest.LogCaptureFixture
) -> None:
    await office.registry.add(record("a"))
    office.registry.database._connection.execute("PRAGMA query_only = ON")
    office.registry.use(office.registry.get("a"), office.now)
    assert (await kept(office))["a"].used is None
    assert "when a token was used last cannot be kept: accounts cannot be" in caplog.text


async def test_what_is_forgotten_is_worthless_although_the_disk_is_full(
    office: Office, record: Records
) -> None:
    await office.registry.add(record("a"))
    entry = office.registry.get("a")
    office.registry.full = True
    with pytest.raises(StorageFullError):
        await office.registry.forget("a")
    assert office.registry.get("a") is None
    assert entry.ends == -math.inf
    assert office.revoked == ["a"]


async def test_what_could_not_be_removed_is_tried_again(
    office: Office,
    record: Records,
    eventually: Callable[..., Awaitable[None]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_RETRY_INTERVAL", 0)
    await office.registry.add(record("a"))
    office.registry.full = True
    with pytest.raises(StorageFullError):
        await office.registry.forget("a")
    task = asyncio.create_task(office.accounts.run())
    with caplog.at_level(logging.WARNING):
        await eventually(lambda: "cannot be tidied" in caplog.text)
    assert list(await kept(office)) == ["a"]
    office.registry.full = False
    await eventually(lambda: not office.registry._unremoved)
    assert not await kept(office)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_token_is_worthless_while_its_removal_waits_for_the_disk(
    office: Office, record: Records
) -> None:
    """And its last use, which is written then, does not bring it back."""
    await office.registry.add(record("a"))
    entry, disk = office.registry.get("a"), threading.Event()
    hanging = asyncio.create_task(office.registry.database.run(lambda _: disk.wait(60)))
    await asyncio.sleep(0)
    office.registry.use(entry, office.now)
    forgetting = asyncio.create_task(office.registry.forget("a"))
    await asyncio.sleep(0)
    try:
        assert entry.ends == -math.inf
        assert office.registry.get("a") is None
        assert not forgetting.done()
    finally:
        disk.set()
    await asyncio.gather(hanging, forgetting)
    office.registry.use(entry, office.now + 600)
    assert not await kept(office)


async def test_a_revoked_token_is_still_revoked_after_a_restart(
    office: Office, record: Records
) -> None:
    await office.registry.add(record("a"))
    await office.registry.forget("a")
    await office.reopen()
    assert office.registry.get("a") is None


async def test_to_forget_what_is_not_there_writes_nothing(office: Office) -> None:
    await office.registry.forget("x")
    assert office.registry.writes == 0
    assert office.revoked == []


async def test_one_program_has_so_many_sessions_and_no_more(
    office: Office, record: Records
) -> None:
    """The ones used least recently go; those of other programs and named tokens stay."""
    await office.registry.add(record("browser", kind=Kind.SESSION, name="Firefox", created=1))
    await office.registry.add(record("named", name="job", created=1))
    for number in range(100):
        await office.registry.add(
            record(f"s{number}", kind=Kind.SESSION, name="job", created=2 + number)
        )
    office.registry.use(office.registry.get("s0"), office.now)
    await office.registry.add(record("last", kind=Kind.SESSION, name="job", created=200))
    assert office.revoked == ["s1"]
    found = set(await kept(office))
    assert "s1" not in found
    assert {"browser", "named", "s0", "last"} <= found
