"""What a store finds by words, and the order in which it says that messages come to the glass."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from images.app.tests import queue_oracle
from inkstand.errors import MessageStateError
from inkstand.messages import Priority, State, model
from inkstand.messages.store import NAME, Change, MessageStore

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

pytestmark = pytest.mark.contract
Store = Any
Drafts = Any


async def found(store: Store, words: str, **more: Any) -> list[int]:
    return [message.id for message in (await store.page(words=words, **more)).messages]


async def test_words_are_found_in_texts_and_in_the_names_of_senders(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    for text, author in (("Dinner at eight", "ada"), ("Milk", "bob"), ("For ADA: keys", "bob")):
        await store.add(draft(text, author=author), noon)
    assert await found(store, "dinner") == [1]
    assert await found(store, "ada") == [3, 1]
    assert await found(store, "bob") == [3, 2]
    assert await found(store, "") == [3, 2, 1]
    assert await found(store, "bread") == []


async def test_what_means_something_to_the_database_is_only_text(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    for text in ("100 % wool", "a_b", "a\\b", "it's", "nothing of it"):
        await store.add(draft(text), noon)
    for number, words in enumerate(("%", "_", "\\", "'"), start=1):
        assert await found(store, words) == [number]


async def test_what_is_found_comes_in_pages_and_by_state(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    for number in range(1, 8):
        await store.add(draft("odd" if number % 2 else "even"), noon)
    page = await store.page(words="odd", limit=3)
    assert ([message.id for message in page.messages], page.next) == ([7, 5, 3], 3)
    assert await found(store, "odd", before=page.next) == [1]
    await store.change(Change(5, partial(model.delete, at=noon)))
    assert await found(store, "odd") == [7, 3, 1]
    assert await found(store, "odd", states=[State.SHOWN]) == []


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(days=1), timedelta(days=3653)])
async def test_a_clock_that_is_set_back_lets_nobody_overtake(
    store: Store, draft: Drafts, noon: datetime, back: timedelta
) -> None:
    for text, at in (("first", noon), ("second", noon - back), ("third", noon - back)):
        await store.add(draft(text), at)
    assert [message.text for message in await store.queue(10)] == ["first", "second", "third"]
    assert store.outlook.wanted.text == "first"


async def test_a_file_of_an_older_release_keeps_its_queue(
    tmp_path: Path, draft: Drafts, noon: datetime
) -> None:
    async with MessageStore(tmp_path) as store:
        for text in ("first", "second"):
            await store.add(draft(text), noon)
    with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as connection:
        connection.executescript(
            "DROP INDEX message_waiting; ALTER TABLE message DROP COLUMN turn;"
            "CREATE INDEX message_turn ON message (at, id) WHERE state = 'waiting';"
        )
    async with MessageStore(tmp_path) as store:
        await store.add(draft("third"), noon - timedelta(days=1))
        assert [each.text for each in await store.queue(10)] == ["first", "second", "third"]


@pytest.mark.parametrize("seed", range(5))
async def test_the_queue_is_what_comes_when_each_is_read_in_turn(
    store: Store, draft: Drafts, noon: datetime, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(12):
        await store.add(draft(priority=chance.choice(list(Priority))), noon)
    for _ in range(6):
        step = chance.choice(
            [
                partial(model.show, at=noon),
                partial(model.recall, calls=store.outlook.calls),
                partial(model.acknowledge, at=noon),
            ]
        )
        try:
            await store.change(Change(chance.randrange(1, 13), step))
        except MessageStateError:
            continue
    queue = await store.queue(limit=100)
    left = list((await store.page(states=tuple(State))).messages)
    expected = []
    while (first := queue_oracle.wanted(left)) is not None:
        expected.append(first)
        left.remove(first)
    assert list(queue) == expected
    assert await store.queue(limit=2) == queue[:2]
    assert len(queue) > 2
