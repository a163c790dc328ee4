"""What every store of tokens does, whichever it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inkstand.auth.model import Kind, Scope

pytestmark = pytest.mark.contract
Store = Any
Records = Any


async def test_a_new_store_is_empty(token_store: Store) -> None:
    assert await token_store.load() == ()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kind": Kind.SESSION, "scope": Scope.ADMIN, "credential": "a1b2", "expires": 1},
        {"scope": Scope.READ, "used": 1_800_000_001},
        {"name": "Küche 🍳 '; DROP TABLE token; --", "user": "שלום"},
        {"expires": 253_402_300_799},
    ],
    ids=range(5),
)
async def test_a_record_comes_back_as_it_was(
    token_store: Store, record: Records, changes: dict[str, Any]
) -> None:
    saved = record(**changes)
    await token_store.write([saved], [])
    (loaded,) = await token_store.load()
    assert loaded == saved
    assert isinstance(loaded.kind, Kind)
    assert isinstance(loaded.scope, Scope)


async def test_records_come_oldest_first(token_store: Store, record: Records) -> None:
    made = [record("c", created=1), record("a", created=2), record("b", created=2)]
    await token_store.write(reversed(made), [])
    assert await token_store.load() == tuple(made)


async def test_a_record_that_is_saved_again_is_changed(token_store: Store, record: Records) -> None:
    first = record()
    await token_store.write([first], [])
    later = replace(first, used=first.created + 5)
    await token_store.write([later], [])
    assert await token_store.load() == (later,)


async def test_what_is_forgotten_is_gone_and_the_rest_stays(
    token_store: Store, record: Records
) -> None:
    await token_store.write([record("a"), record("b")], [])
    await token_store.write([record("c")], ["a", "never there"])
    assert [kept.id for kept in await token_store.load()] == ["b", "c"]


async def test_to_write_nothing_is_fine(token_store: Store) -> None:
    await token_store.write([], [])
    assert await token_store.load() == ()
