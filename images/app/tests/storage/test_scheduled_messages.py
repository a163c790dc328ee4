"""Messages that come later, once or again, in a store."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from inkstand.errors import (
    IdempotencyConflictError,
    InvalidValueError,
    MessageNotFoundError,
    MessageStateError,
    StorageError,
    TooManyWaitingError,
)
from inkstand.messages import Draft, Priority, State, model
from inkstand.messages.store import NAME, Change, MessageStore
from inkstand.messages.waiting import MAX_SCHEDULED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.integration
STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOON = datetime(2026, 11, 21, 12, tzinfo=STOCKHOLM)  # a Saturday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENING = NOON + 7 * HOUR
BINS = Draft(author="ada", text="Bins", show_at=EVENING, repeat="FREQ=WEEKLY;BYDAY=TU")
TUESDAY = EVENING + 3 * DAY
Store = MessageStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store of somebody in Stockholm."""
    async with MessageStore(tmp_path, zone=STOCKHOLM) as made:
        yield made


def draft(text: str = "Hello", **options: Any) -> Draft:
    return Draft(author="ada", text=text, **options)


async def add(store: Store, it: Draft, at: datetime = NOON) -> int:
    return (await store.add(it, at)).message.id


async def waiting(store: Store) -> list[tuple[str, datetime]]:
    """Return texts and times of what waits, in its turn."""
    found = []
    while (wanted := store.outlook.wanted) is not None:
        found.append((wanted.text, wanted.at))
        await store.change(Change(wanted.id, partial(model.delete, at=NOON)))
    return found


async def test_it_is_kept_and_not_wanted_before_its_time(store: Store) -> None:
    added = await store.add(draft(show_at=EVENING), NOON)
    assert added.message.state is State.SCHEDULED
    assert added.message.upcoming == (EVENING,)
    assert store.outlook.wanted is None
    assert store.outlook.deadline == EVENING
    assert await store.get(1) == added.message
    assert (await store.page()).messages == ()
    assert await store.expire(EVENING - timedelta.resolution) == ()


async def test_it_comes_with_the_same_id_as_if_it_had_just_been_sent(store: Store) -> None:
    await add(store, draft(show_at=EVENING, expires_at=EVENING + HOUR, show_for=9, picture=b"png"))
    (come,) = await store.expire(EVENING)
    assert come.before is not None
    assert come.before.state is State.SCHEDULED
    assert come.after == store.outlook.wanted == await store.get(1)
    assert (come.after.at, come.after.expires_at) == (EVENING, EVENING + HOUR)
    assert (come.after.state, come.after.show_for) == (State.WAITING, 9)
    assert await store.picture(1) == store.outlook.picture == b"png"
    assert await store.scheduled() == ()


async def test_the_queue_goes_by_when_they_come(store: Store) -> None:
    await add(store, draft("evening", show_at=EVENING))
    await add(store, draft("afternoon", show_at=EVENING - HOUR))
    await add(store, draft("noon"))
    await store.expire(EVENING)
    await add(store, draft("night"), EVENING + HOUR)
    told = [message.text for message in await store.queue(10)]
    texts = [text for text, _ in await waiting(store)]
    assert texts == told == ["noon", "afternoon", "evening", "night"]


async def test_ids_are_given_once_also_to_what_comes_later(store: Store, tmp_path: Path) -> None:
    assert await add(store, draft(show_at=EVENING)) == 1
    assert await add(store, draft()) == 2
    assert await add(store, BINS) == 3
    await store.expire(TUESDAY)
    assert await add(store, draft()) == 5


async def test_an_urgent_one_comes_at_once_when_it_comes(store: Store) -> None:
    await add(store, draft("normal"))
    await add(store, draft("one", show_at=EVENING, priority=Priority.URGENT))
    await add(store, draft("two", show_at=EVENING, priority=Priority.URGENT))
    await store.expire(EVENING)
    assert [text for text, _ in await waiting(store)] == ["two", "one", "normal"]


@pytest.mark.parametrize(
    ("late", "state"), [(HOUR - timedelta.resolution, State.WAITING), (HOUR, State.EXPIRED)]
)
async def test_after_a_night_off_it_comes_late_unless_its_time_is_over(
    store: Store, late: timedelta, state: State
) -> None:
    await add(store, draft(show_at=EVENING, expires_at=EVENING + HOUR))
    (come,) = await store.expire(EVENING + late)
    assert come.after.state is state
    assert come.after.at == EVENING


async def test_a_series_comes_again_and_each_time_is_a_message(store: Store) -> None:
    await add(store, BINS)
    for week in range(3):
        now = TUESDAY + week * 7 * DAY
        assert store.outlook.deadline == now
        message, series = await store.expire(now)
        assert message.before is None
        assert (message.after.id, message.after.at, message.after.text) == (2 + week, now, "Bins")
        # What comes again takes the place of the one before.
        assert message.after.expires_at == now + 7 * DAY
        assert series.after.upcoming[0] == now + 7 * DAY
        await store.change(Change(message.after.id, partial(model.delete, at=now)))


async def test_an_evening_stays_one_when_winter_ends(store: Store) -> None:
    start = datetime(2027, 3, 27, 19, tzinfo=STOCKHOLM)
    added = await store.add(draft(show_at=start, repeat="daily"), start - HOUR)
    assert [at.hour for at in added.message.upcoming] == [18, 17, 17, 17, 17]


async def test_of_what_was_missed_only_the_last_comes(store: Store) -> None:
    await add(store, draft("Pill", show_at=EVENING, repeat="daily"))
    message, series = await store.expire(EVENING + 9 * DAY + HOUR)
    assert message.after.at == EVENING + 9 * DAY
    assert message.after.state is State.WAITING
    assert series.after.upcoming[0] == EVENING + 10 * DAY
    assert store.outlook.deadline == EVENING + 10 * DAY


async def test_what_was_missed_and_is_over_is_not_shown(store: Store) -> None:
    await add(store, replace(BINS, expires_at=EVENING + HOUR))
    message, series = await store.expire(TUESDAY + 2 * HOUR)
    assert message.after.state is State.EXPIRED
    assert series.after.upcoming[0] == TUESDAY + 7 * DAY
    assert store.outlook.wanted is None


async def test_a_clock_that_is_centuries_wrong_brings_one_message(store: Store) -> None:
    await add(store, draft(show_at=EVENING, repeat="daily"))
    message, series = await store.expire(datetime(4000, 1, 1, tzinfo=UTC))
    assert message.after.state is State.WAITING
    assert series.after.upcoming[0] > datetime(4000, 1, 1, tzinfo=UTC)
    assert await store.expire(EVENING) == ()


async def test_the_last_of_a_series_has_its_id(store: Store) -> None:
    await add(store, draft(show_at=EVENING, repeat="FREQ=DAILY;COUNT=2"))
    await store.expire(EVENING)
    _, last = await store.expire(EVENING + DAY)
    assert (last.after.id, last.after.at) == (1, EVENING + DAY)
    assert last.after.expires_at is None
    assert await store.scheduled() == ()


async def test_one_time_can_be_skipped(store: Store) -> None:
    await add(store, BINS)
    second = TUESDAY + 7 * DAY
    skipped = await store.skip(1, second, NOON)
    assert skipped.after.upcoming[:2] == (TUESDAY, TUESDAY + 14 * DAY)
    assert await store.skip(1, second, NOON) == replace(skipped, before=skipped.after)
    await store.expire(TUESDAY)
    await waiting(store)
    assert store.outlook.deadline == TUESDAY + 14 * DAY
    skipped = await store.skip(1, TUESDAY + 14 * DAY, NOON)
    assert store.outlook.deadline == skipped.after.upcoming[0] == TUESDAY + 21 * DAY


async def test_a_time_that_was_skipped_ahead_stays_so_when_others_come(store: Store) -> None:
    await add(store, BINS)
    await store.skip(1, TUESDAY + 14 * DAY, NOON)
    await store.expire(TUESDAY)
    _, _, series = await store.expire(TUESDAY + 7 * DAY)
    assert series.after.upcoming[0] == TUESDAY + 21 * DAY


async def test_who_was_off_for_years_is_shown_one_message(store: Store) -> None:
    await add(store, draft(show_at=EVENING, repeat="FREQ=YEARLY;INTERVAL=3"))
    now = EVENING + 365 * 8 * DAY
    message, series = await store.expire(now)
    assert message.after.state is State.WAITING
    assert series.after.upcoming[0] > now
    assert await store.expire(now) == ()


async def test_a_series_of_which_all_is_skipped_has_ended(store: Store) -> None:
    await add(store, draft(show_at=EVENING, repeat="FREQ=DAILY;COUNT=2"))
    await store.skip(1, EVENING, NOON)
    ended = await store.skip(1, EVENING + DAY, NOON)
    assert ended.after.state is State.DELETED
    assert (await store.get(1)).state is State.DELETED
    assert store.outlook.deadline is None


async def test_what_is_none_of_its_times_cannot_be_skipped(store: Store) -> None:
    await add(store, BINS)
    await add(store, draft())
    with pytest.raises(MessageStateError):
        await store.skip(1, TUESDAY + HOUR, NOON)
    with pytest.raises(MessageStateError):
        await store.skip(2, TUESDAY, NOON)
    with pytest.raises(MessageNotFoundError):
        await store.skip(3, TUESDAY, NOON)


async def test_one_that_is_taken_back_never_comes(store: Store) -> None:
    await add(store, replace(BINS, picture=b"png"))
    (gone,) = await store.change(Change(1, partial(model.delete, at=NOON)))
    assert (gone.after.state, gone.after.text, gone.after.upcoming) == (State.DELETED, "", ())
    assert await store.get(1) == gone.after
    assert await store.picture(1) is None
    assert await store.expire(TUESDAY) == ()


async def test_one_that_comes_later_is_neither_read_nor_shown_again(store: Store) -> None:
    await add(store, BINS)
    for step in (partial(model.acknowledge, at=NOON), partial(model.recall, calls=0)):
        with pytest.raises(MessageStateError):
            await store.change(Change(1, step))
    assert len(await store.scheduled()) == 1


async def test_a_rule_that_never_comes_is_refused(store: Store) -> None:
    with pytest.raises(InvalidValueError, match="ever comes"):
        await store.add(draft(repeat="FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1"), NOON)
    with pytest.raises(InvalidValueError, match="ever comes"):
        await store.add(draft(show_at=EVENING, repeat="FREQ=DAILY;UNTIL=20261120"), NOON)
    assert await add(store, draft()) == 1


async def test_the_same_request_again_is_kept_once_before_and_after_it_comes(store: Store) -> None:
    keyed = draft(show_at=EVENING, idempotency_key="k")
    await add(store, keyed)
    assert not (await store.add(keyed, NOON)).created
    with pytest.raises(IdempotencyConflictError):
        await store.add(replace(keyed, show_at=EVENING + HOUR), NOON)
    await store.expire(EVENING)
    again = await store.add(keyed, EVENING)
    assert (again.created, again.message.state) == (False, State.WAITING)


async def test_what_comes_later_has_a_limit_of_its_own(store: Store) -> None:
    for _ in range(MAX_SCHEDULED // 2):
        await store.add(replace(BINS, sender="t1"), NOON)
    with pytest.raises(TooManyWaitingError):
        await store.add(replace(BINS, sender="t1"), NOON)
    for _ in range(MAX_SCHEDULED // 2):
        await store.add(BINS, NOON)
    with pytest.raises(TooManyWaitingError):
        await store.add(BINS, NOON)
    assert (await store.add(draft(sender="t1"), NOON)).created


async def test_it_comes_also_when_the_queue_is_full(tmp_path: Path) -> None:
    async with MessageStore(tmp_path, max_waiting=2) as store:
        await store.add(draft(show_at=EVENING), NOON)
        await store.add(draft(), NOON)
        await store.add(draft(), NOON)
        assert len(await store.expire(EVENING)) == 1
        with pytest.raises(TooManyWaitingError):
            await store.add(draft(), NOON)


async def test_all_of_it_is_there_after_a_restart(tmp_path: Path) -> None:
    async with MessageStore(tmp_path, zone=STOCKHOLM) as store:
        await store.add(replace(BINS, picture=b"png"), NOON)
        await store.skip(1, TUESDAY + 7 * DAY, NOON)
        before = await store.scheduled()
    async with MessageStore(tmp_path, zone=STOCKHOLM) as store:
        assert await store.scheduled() == before
        assert store.outlook.deadline == TUESDAY
        await store.expire(TUESDAY)
        assert await store.picture(2) == b"png"
        assert store.outlook.deadline == TUESDAY + 14 * DAY


@pytest.mark.parametrize("after", range(4))
async def test_a_crash_while_it_comes_neither_loses_nor_doubles_it(
    tmp_path: Path, after: int
) -> None:
    async with MessageStore(tmp_path, zone=STOCKHOLM) as store:
        await store.add(BINS, NOON)
    async with MessageStore(tmp_path, zone=STOCKHOLM) as store:
        store._database._connection.set_authorizer(_refusing(after))
        with contextlib.suppress(StorageError):
            await store.expire(TUESDAY)
    async with MessageStore(tmp_path, zone=STOCKHOLM) as store:
        if store.outlook.deadline == TUESDAY:
            await store.expire(TUESDAY)
        assert await waiting(store) == [("Bins", TUESDAY)]
        assert store.outlook.deadline == TUESDAY + 7 * DAY


def _refusing(after: int) -> Any:
    """Return what lets SQLite write `after` times, and then no more."""
    left = iter([sqlite3.SQLITE_OK] * after)
    kinds = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)

    def ask(kind: int, *_: object) -> int:
        return next(left, sqlite3.SQLITE_DENY) if kind in kinds else sqlite3.SQLITE_OK

    return ask


async def test_a_release_before_this_one_reads_and_writes_the_same_file(tmp_path: Path) -> None:
    async with MessageStore(tmp_path, zone=STOCKHOLM) as store:
        await store.add(BINS, NOON)
    with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        connection.execute(
            "INSERT INTO message (author, text, at, state, priority, has_picture) "
            "VALUES ('ada', 'old', 1, 'waiting', 'normal', 0)"
        )
    async with MessageStore(tmp_path, zone=STOCKHOLM) as store:
        assert store.outlook.wanted is not None
        assert store.outlook.wanted.id == 2
        assert len(await store.scheduled()) == 1


async def test_what_can_be_read_of_a_damaged_file_comes_later_still(tmp_path: Path) -> None:
    async with MessageStore(tmp_path, zone=STOCKHOLM) as store:
        await store.add(replace(BINS, picture=b"\xff\0"), NOON)
        await store.add(draft("one", show_at=EVENING), NOON)
        await store.add(draft("now"), NOON)
        before = await store.scheduled()
    with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE message SET state = 'nonsense'")
        connection.execute("UPDATE scheduled SET next_at = -5 WHERE text = 'one'")
    async with MessageStore(tmp_path, zone=STOCKHOLM) as store:
        assert await store.scheduled() == tuple(each for each in before if each.text == "Bins")
        await store.expire(TUESDAY)
        assert store.outlook.picture == b"\xff\0"


async def test_a_rule_in_which_a_bit_flipped_ends_the_series(tmp_path: Path) -> None:
    async with MessageStore(tmp_path, zone=STOCKHOLM) as store:
        await store.add(BINS, NOON)
    with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute("UPDATE scheduled SET repeat = 'GREQ=WEEKLY', skipped = 'x,1'")
    async with MessageStore(tmp_path, zone=STOCKHOLM) as store:
        (last,) = await store.expire(TUESDAY)
        assert (last.after.id, last.after.text) == (1, "Bins")


async def test_nothing_comes_twice_or_is_lost_whenever_somebody_looks(tmp_path: Path) -> None:
    chance = random.Random(14)
    async with MessageStore(tmp_path, zone=STOCKHOLM) as store:
        await store.add(draft("one", show_at=EVENING), NOON)
        await store.add(draft("all", show_at=EVENING, repeat="FREQ=DAILY;COUNT=30"), NOON)
        now, seen = NOON, []
        while (due := store.outlook.deadline) is not None:
            now = max(now, due) + chance.choice((timedelta(), timedelta.resolution, HOUR))
            seen += [
                (it.after.text, it.after.at)
                for it in await store.expire(now)
                if it.after.state is State.WAITING
            ]
            await waiting(store)
        times = [at for text, at in seen if text == "all"]
        assert times == [EVENING + DAY * day for day in range(30)]
        assert seen.count(("one", EVENING)) == 1
