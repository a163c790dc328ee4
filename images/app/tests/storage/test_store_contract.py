"""What a store of messages does."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from images.app.tests import queue_oracle as queue
from inkstand.errors import IdempotencyConflictError, MessageNotFoundError, MessageStateError
from inkstand.messages import Message, Priority, State, model
from inkstand.messages.store import Change
from inkstand.messages.table import Outlook

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contract
Store = Any
Drafts = Any
SECOND = timedelta(seconds=1)
KEYED: dict[str, Any] = {"idempotency_key": "k1"}


async def everything(store: Store) -> tuple[Message, ...]:
    return tuple(reversed((await store.page(limit=10_000, states=tuple(State))).messages))


def shown(number: int, at: datetime) -> Change:
    return Change(number, partial(model.show, at=at))


def read(number: int, at: datetime) -> Change:
    return Change(number, partial(model.acknowledge, at=at))


async def test_what_was_added_can_be_read(store: Store, draft: Drafts, noon: datetime) -> None:
    added = await store.add(draft("Hello", show_for=30, expires_at=noon + SECOND), noon)
    assert added.created
    assert await store.get(added.message.id) == added.message
    assert added.message == Message(
        id=1, author="ada", text="Hello", at=noon, show_for=30, expires_at=noon + SECOND
    )


@pytest.mark.parametrize(
    "text", ["a\0b", "🖋 שלום", "'; DROP TABLE message; --", " \n\t", "x" * 9999]
)
async def test_any_text_comes_back_as_it_was(
    store: Store, draft: Drafts, noon: datetime, text: str
) -> None:
    added = await store.add(draft(text), noon)
    assert (await store.get(added.message.id)).text == added.message.text == text


async def test_halves_of_surrogate_pairs_are_replaced(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    added = await store.add(draft("a\ud800b", author="\udfff", idempotency_key="\udfff"), noon)
    again = await store.add(draft("a\ud800b", author="\udfff", idempotency_key="\udfff"), noon)
    assert (await store.get(added.message.id)).text == "a\ufffdb"
    assert again.message == added.message


async def test_times_keep_their_instant_and_are_in_utc(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    there = timezone(timedelta(hours=9))
    at = (noon + timedelta(microseconds=123457)).astimezone(there)
    added = await store.add(draft(expires_at=at), at)
    found = await store.get(added.message.id)
    assert found.at == found.expires_at == at
    assert found.at.utcoffset() == timedelta()


async def test_ids_follow_the_order_of_the_calls(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    texts = [f"message {number}" for number in range(40)]
    added = await asyncio.gather(*(store.add(draft(text), noon) for text in texts))
    assert [item.message.id for item in added] == list(range(1, 41))
    assert [message.text for message in await everything(store)] == texts


async def test_the_same_key_and_message_again_is_the_same_message(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    first = await store.add(draft("Hello", **KEYED), noon)
    again = await store.add(draft("Hello", **KEYED), noon + SECOND)
    assert again.message == first.message
    assert (first.created, again.created) == (True, False)
    assert len(await everything(store)) == 1


async def test_the_same_key_many_times_at_once_is_one_message(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    added = await asyncio.gather(*(store.add(draft("Hello", **KEYED), noon) for _ in range(20)))
    assert {item.message.id for item in added} == {1}
    assert sum(item.created for item in added) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Other"},
        {"priority": Priority.URGENT},
        {"show_for": 3},
        {"picture": b"png"},
        {"expires_at": datetime.fromisoformat("2030-01-01T00:00Z")},
    ],
)
async def test_the_same_key_with_another_message_is_refused(
    store: Store, draft: Drafts, noon: datetime, change: dict[str, Any]
) -> None:
    await store.add(draft(**KEYED), noon)
    with pytest.raises(IdempotencyConflictError):
        await store.add(draft(**KEYED | change), noon)
    assert len(await everything(store)) == 1


async def test_authors_do_not_share_keys(store: Store, draft: Drafts, noon: datetime) -> None:
    first = await store.add(draft(**KEYED), noon)
    other = await store.add(draft(author="bob", **KEYED), noon)
    assert first.message.id != other.message.id


async def test_messages_without_a_key_are_never_the_same(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    await store.add(draft(), noon)
    assert (await store.add(draft(), noon)).created


async def test_an_empty_key_is_a_key(store: Store, draft: Drafts, noon: datetime) -> None:
    await store.add(draft(), noon)
    first = await store.add(draft(idempotency_key=""), noon)
    again = await store.add(draft(idempotency_key=""), noon)
    assert (first.created, again.created) == (True, False)


async def test_a_step_is_kept(store: Store, draft: Drafts, noon: datetime) -> None:
    await store.add(draft(), noon)
    (changed,) = await store.change(shown(1, noon + SECOND))
    assert changed.after == await store.get(1)
    assert changed.before.state is State.WAITING
    assert (changed.after.state, changed.after.shown_at) == (State.SHOWN, noon + SECOND)


async def test_a_step_that_refuses_undoes_those_with_it(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    await store.add(draft(), noon)
    await store.add(draft(), noon)
    before = await everything(store)
    with pytest.raises(MessageStateError):
        await store.change(shown(1, noon), read(2, noon))
    assert await everything(store) == before


async def test_what_is_not_there_is_said_so(store: Store, noon: datetime) -> None:
    with pytest.raises(MessageNotFoundError, match="no message 7"):
        await store.get(7)
    with pytest.raises(MessageNotFoundError):
        await store.change(shown(7, noon))
    assert await store.picture(7) is None
    assert await store.last_shown() is None
    assert store.outlook == Outlook(None, (), None)


async def test_a_picture_is_kept_until_its_message_is_deleted(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    added = await store.add(draft("cat.png", picture=b"\x89PNG\0"), noon)
    number = added.message.id
    assert added.message.has_picture
    assert await store.picture(number) == b"\x89PNG\0"
    (deleted,) = await store.change(Change(number, partial(model.delete, at=noon)))
    assert await store.picture(number) is None
    assert (deleted.after.text, deleted.after.has_picture) == ("", False)


async def test_pages_go_back_without_gaps_while_messages_come_in(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    for _ in range(7):
        await store.add(draft(), noon)
    page, seen = await store.page(limit=3), []
    while True:
        seen += [message.id for message in page.messages]
        if page.next is None:
            break
        await store.add(draft(), noon)
        page = await store.page(before=page.next, limit=3)
    assert seen == [7, 6, 5, 4, 3, 2, 1]


async def test_a_page_that_is_just_full_is_the_last(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    for _ in range(3):
        await store.add(draft(), noon)
    assert (await store.page(limit=3)).next is None


async def test_a_page_holds_only_the_states_asked_for(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    for _ in range(3):
        await store.add(draft(), noon)
    await store.change(shown(1, noon), Change(2, partial(model.delete, at=noon)))
    assert [m.id for m in (await store.page()).messages] == [3, 1]
    assert [m.id for m in (await store.page(states={State.SHOWN})).messages] == [1]
    assert [m.id for m in (await store.page(states=[State.DELETED])).messages] == [2]
    assert (await store.page(states=())).messages == ()


async def test_counts_name_every_state(store: Store, draft: Drafts, noon: datetime) -> None:
    await store.add(draft(), noon)
    await store.add(draft(), noon)
    await store.change(shown(1, noon))
    assert await store.counts() == {
        State.WAITING: 1,
        State.SHOWN: 1,
        State.READ: 0,
        State.EXPIRED: 0,
        State.DELETED: 0,
        State.SCHEDULED: 0,
    }


async def test_what_came_onto_the_glass_last_is_remembered(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    for number in (1, 2, 3):
        await store.add(draft(), noon)
        await store.change(shown(number, noon + number * SECOND))
    await store.change(Change(3, partial(model.delete, at=noon)))
    last = await store.last_shown()
    assert last is not None
    assert last.id == 2


async def test_old_ends_are_pruned_and_nothing_else(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    for number in range(1, 7):
        await store.add(draft(**KEYED | {"idempotency_key": str(number), "picture": b"x"}), noon)
    for number in (1, 2, 3, 4):
        await store.change(shown(number, noon))
        await store.change(read(number, noon + number * SECOND))
    assert await store.prune(before=noon, keep=4) == 0
    assert await store.prune(before=noon + 2 * SECOND, keep=100) == 1
    assert await store.prune(before=noon, keep=2) == 1
    assert [message.id for message in await everything(store)] == [3, 4, 5, 6]
    assert (await store.picture(1), await store.picture(3)) == (None, b"x")
    assert await store.prune(before=noon, keep=0) == 2
    assert [message.id for message in await everything(store)] == [5, 6]


async def test_what_came_lately_is_no_old_end_although_the_clock_was_wrong_when_it_was_read(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    """A Pi begins in 1970, or where it was switched off, until a time server answers."""
    await store.add(draft(), noon)
    await store.change(shown(1, noon))
    await store.change(read(1, datetime(1970, 1, 1, tzinfo=UTC)))
    assert await store.prune(before=noon, keep=100) == 0
    assert await store.prune(before=noon + SECOND, keep=100) == 1


async def test_an_id_is_never_used_again(store: Store, draft: Drafts, noon: datetime) -> None:
    await store.add(draft(), noon)
    await store.change(Change(1, partial(model.delete, at=noon)))
    await store.prune(before=noon + SECOND, keep=0)
    assert (await store.add(draft(), noon)).message.id == 2


async def test_a_key_is_free_when_its_message_is_forgotten(
    store: Store, draft: Drafts, noon: datetime
) -> None:
    await store.add(draft(**KEYED), noon)
    await store.change(Change(1, partial(model.delete, at=noon)))
    assert not (await store.add(draft(**KEYED), noon)).created
    await store.prune(before=noon + SECOND, keep=0)
    assert (await store.add(draft("Other", **KEYED), noon)).created


async def test_a_cancelled_caller_harms_nobody(store: Store, draft: Drafts, noon: datetime) -> None:
    task = asyncio.create_task(store.add(draft("one"), noon))
    other = asyncio.create_task(store.add(draft("two"), noon))
    await asyncio.sleep(0)
    task.cancel()
    added = await other
    assert (await store.get(added.message.id)).text == "two"


@pytest.mark.parametrize("seed", range(5))
async def test_its_answers_are_those_of_the_pure_queue(
    store: Store, draft: Drafts, noon: datetime, seed: int
) -> None:
    chance = random.Random(seed)
    now = noon
    for _ in range(60):
        now += chance.randrange(5) * SECOND
        await _something(store, draft, now, chance)
        known = await everything(store)
        shown = tuple(m for m in known if m.state is State.SHOWN)
        assert store.outlook == Outlook(queue.wanted(known), shown, queue.deadline(known))
        assert store.outlook.calls == max((m.called or 0 for m in known if m.state.open), default=0)


async def _something(store: Store, draft: Drafts, now: datetime, chance: random.Random) -> None:
    known = await everything(store)
    if chance.random() < 0.2:
        expired = await store.expire(now)
        assert tuple(changed.before for changed in expired) == queue.due(known, now)
        assert all(changed.after.state is State.EXPIRED for changed in expired)
        return
    if not known or chance.random() < 0.4:
        expires = now + chance.randrange(1, 20) * SECOND if chance.random() < 0.3 else None
        show_for = chance.randrange(1, 10) if chance.random() < 0.3 else None
        priority = chance.choice(list(Priority))
        await store.add(draft(priority=priority, expires_at=expires, show_for=show_for), now)
        return
    steps: list[Callable[[Message], Message]] = [
        partial(model.show, at=now),
        partial(model.acknowledge, at=now),
        partial(model.delete, at=now),
        partial(model.recall, calls=store.outlook.calls),
        model.set_aside,
    ]
    change = Change(chance.choice(known).id, chance.choice(steps))
    try:
        await store.change(change)
    except MessageStateError:
        assert await everything(store) == known
