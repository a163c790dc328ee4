"""What comes later, and what a sender or an older release must not do to it."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.errors import MessageStateError
from inkstand.messages import Draft, repeat
from inkstand.messages.scheduled import MAX_SKIPPED
from inkstand.messages.store import NAME, MessageStore

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def daily(**options: Any) -> Draft:
    return Draft(author="ada", text="Bins", show_at=NOON + DAY, **options)


async def test_a_key_that_an_older_release_has_taken_keeps_nothing_from_coming(
    tmp_path: Path,
) -> None:
    async with MessageStore(tmp_path) as store:
        await store.add(daily(idempotency_key="a"), NOON)
    with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute(
            "INSERT INTO message (author, text, at, state, priority, has_picture, idempotency_key, "
            "fingerprint) VALUES ('ada', 'old', 1, 'read', 'normal', 0, 'a', x'00')"
        )
    async with MessageStore(tmp_path) as store:
        (come,) = await store.expire(NOON + DAY)
        assert (come.after.id, come.after.text) == (1, "Bins")
        assert not await store.scheduled()


async def test_when_a_series_comes_is_worked_out_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, occurrences = [], repeat.occurrences

    def counted(*given: Any) -> Any:
        asked.append(given)
        return occurrences(*given)

    async with MessageStore(tmp_path) as store:
        await store.add(daily(repeat="weekly"), NOON)
        monkeypatch.setattr(repeat, "occurrences", counted)
        assert await store.scheduled() == await store.scheduled()
    assert asked == []


async def test_a_series_leaves_out_so_many_times_and_no_more(tmp_path: Path) -> None:
    async with MessageStore(tmp_path) as store:
        series = (await store.add(daily(repeat="daily"), NOON)).message
        for _ in range(MAX_SKIPPED):
            series = (await store.skip(1, series.upcoming[1], NOON)).after
        with pytest.raises(MessageStateError, match="leaves out 100 times"):
            await store.skip(1, series.upcoming[1], NOON)
