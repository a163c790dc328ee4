"""How a text looks is kept with it, whatever release opens the file."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.errors import IdempotencyConflictError
from inkstand.messages import Draft
from inkstand.messages.model import recall
from inkstand.messages.store import NAME, Change, MessageStore
from inkstand.rendering.text import AS_IT_COMES, TextAlign, TextLook, TextSize

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LOOK = TextLook(align=TextAlign.CENTER, size=TextSize.LARGE, bold=True)


def draft(**options: Any) -> Draft:
    return Draft(author="ada", text="Bins", **{"look": LOOK, **options})


def execute(directory: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(directory / NAME)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


async def test_a_message_looks_the_same_when_it_is_shown_again_after_a_restart(
    tmp_path: Path,
) -> None:
    async with MessageStore(tmp_path) as store:
        assert (await store.add(draft(), NOON)).message.look == LOOK
    async with MessageStore(tmp_path) as store:
        await store.change(Change(1, lambda message: recall(message, 1)))
        assert store.outlook.wanted is not None
        assert store.outlook.wanted.look == LOOK
        assert [message.look for message in await store.queue(5)] == [LOOK]


async def test_each_message_of_a_series_looks_as_the_series(tmp_path: Path) -> None:
    async with MessageStore(tmp_path) as store:
        await store.add(draft(repeat="daily", show_at=NOON + DAY), NOON)
    async with MessageStore(tmp_path) as store:
        assert [message.look for message in await store.scheduled()] == [LOOK]
        come, left = await store.expire(NOON + DAY)
        assert (come.after.look, left.after.look) == (LOOK, LOOK)
        assert (await store.get(come.after.id)).look == LOOK


async def test_messages_of_an_older_release_look_as_they_did(tmp_path: Path) -> None:
    async with MessageStore(tmp_path) as store:
        await store.add(draft(), NOON)
        await store.add(draft(show_at=NOON + DAY), NOON)
    drop = "ALTER TABLE {} DROP COLUMN look"
    execute(tmp_path, drop.format("message"), drop.format("scheduled"))
    async with MessageStore(tmp_path) as store:
        assert (await store.get(1)).look == AS_IT_COMES
        assert (await store.get(2)).look == AS_IT_COMES


async def test_an_older_release_writes_beside_it_and_leaves_it(tmp_path: Path) -> None:
    async with MessageStore(tmp_path) as store:
        await store.add(draft(), NOON)
    # What the release before writes: it names its columns.
    execute(
        tmp_path,
        "UPDATE message SET (author, state, called) = ('ada', 'waiting', 7) WHERE id = 1",
        "INSERT INTO message (author, text, at, state, priority, has_picture) "
        "VALUES ('ada', 'old', 1, 'waiting', 'normal', 0)",
    )
    async with MessageStore(tmp_path) as store:
        assert (await store.get(1)).look == LOOK
        assert (await store.get(2)).look == AS_IT_COMES


async def test_a_damaged_file_gives_the_looks_that_can_be_read(tmp_path: Path) -> None:
    async with MessageStore(tmp_path) as store:
        await store.add(draft(), NOON)
        await store.add(draft(show_at=NOON + DAY), NOON)
    # A value that no message can have: a new file is made of what makes sense.
    execute(tmp_path, "UPDATE message SET at = -1 WHERE id = 1")
    async with MessageStore(tmp_path) as store:
        assert (await store.get(1)).look == LOOK
        assert (await store.get(2)).look == LOOK


async def test_a_damaged_file_of_an_older_release_gives_its_messages(tmp_path: Path) -> None:
    async with MessageStore(tmp_path) as store:
        await store.add(draft(), NOON)
    execute(
        tmp_path,
        "ALTER TABLE message DROP COLUMN look",
        "ALTER TABLE scheduled DROP COLUMN look",
        "UPDATE message SET at = -1 WHERE id = 1",
    )
    async with MessageStore(tmp_path) as store:
        message = await store.get(1)
        assert (message.text, message.look) == ("Bins", AS_IT_COMES)


async def test_with_another_look_it_is_another_request(tmp_path: Path) -> None:
    async with MessageStore(tmp_path) as store:
        await store.add(draft(idempotency_key="k"), NOON)
        assert not (await store.add(draft(idempotency_key="k"), NOON)).created
        with pytest.raises(IdempotencyConflictError):
            await store.add(draft(idempotency_key="k", look=AS_IT_COMES), NOON)
