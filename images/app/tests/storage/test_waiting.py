"""How many messages may be open, and whose."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from inkstand.errors import TooManyWaitingError
from inkstand.messages import Draft, Message, State, model
from inkstand.messages.store import Change, MessageStore
from inkstand.messages.waiting import MAX_WAITING, Waiting

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def fill(waiting: Waiting, sender: str, first: int) -> int:
    """Send until it is refused, and return how many that were."""
    taken = 0
    while True:
        try:
            waiting.admit(Draft(author="ada", text="x", sender=sender))
        except TooManyWaitingError:
            return taken
        number = first + taken
        waiting.follow(Message(id=number, author="ada", text="x", at=NOON), sender)
        taken += 1


@pytest.mark.unit
def test_a_token_has_half_all_tokens_nine_tenths_and_the_owner_the_rest() -> None:
    waiting = Waiting(100)
    assert fill(waiting, "a", 1000) == 50
    assert fill(waiting, "b", 2000) == 40
    assert fill(waiting, "c", 3000) == 0
    assert fill(waiting, "", 4000) == 10


@pytest.mark.unit
def test_what_was_read_makes_room_and_what_waited_before_counts() -> None:
    waiting = Waiting(100, range(1, 61))
    assert fill(waiting, "a", 1000) == 30
    for number in range(1, 11):
        read = Message(id=number, author="ada", text="x", at=NOON, state=State.READ)
        waiting.follow(read)
        waiting.follow(read)
    assert fill(waiting, "a", 2000) == 10


@pytest.mark.unit
def test_the_limit_is_that_of_the_readme() -> None:
    assert MAX_WAITING == 1000


def of(sender: str, key: str | None = None) -> Draft:
    return Draft(author="ada", text="Hello", sender=sender, idempotency_key=key)


@pytest.mark.contract
async def test_no_repeat_is_refused_and_no_other_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a card that has room for senders."""
    monkeypatch.setattr("inkstand.storage.database._OWNERS_RESERVE", 0)
    async with MessageStore(tmp_path, 10) as store:
        await the_share(store)


async def the_share(store: MessageStore) -> None:
    first = (await store.add(of("a", "key"), NOON)).message
    for _ in range(4):
        await store.add(of("a"), NOON)
    with pytest.raises(TooManyWaitingError, match="5 messages of this token wait already"):
        await store.add(of("a"), NOON)
    assert not (await store.add(of("a", "key"), NOON)).created
    for _ in range(4):
        await store.add(of("b"), NOON)
    with pytest.raises(TooManyWaitingError, match="9 messages wait already"):
        await store.add(of("c"), NOON)
    await store.add(of(""), NOON)
    with pytest.raises(TooManyWaitingError):
        await store.add(of(""), NOON)
    await store.change(Change(first.id, lambda message: model.delete(message, NOON)))
    assert (await store.add(of(""), NOON)).created
