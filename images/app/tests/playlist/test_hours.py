"""Windows of the week, by what the wall shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from inkstand.playlist.hours import EVERY_DAY, Hours, hours_of, next_edge, parse_days, parse_time

pytestmark = pytest.mark.unit

STOCKHOLM = ZoneInfo("Europe/Stockholm")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
MON, TUE, SAT, SUN = 0, 1, 5, 6


def hours(begin: str, end: str, *days: int) -> Hours:
    return Hours(frozenset(days) or EVERY_DAY, parse_time(begin), parse_time(end))


def wall(text: str, *, fold: int = 0, zone: ZoneInfo = STOCKHOLM) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


# 2026-11-30 is a Monday.
@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        (hours("07:00", "09:00", MON), "2026-11-30 07:00", "2026-11-30 06:59:59"),
        (hours("07:00", "09:00", MON), "2026-11-30 08:59:59", "2026-11-30 09:00"),
        (hours("07:00", "09:00", MON), "2026-11-30 08:00", "2026-12-01 08:00"),
        (hours("22:30", "06:00", MON), "2026-11-30 22:30", "2026-11-30 22:29"),
        (hours("22:30", "06:00", MON), "2026-12-01 05:59", "2026-12-01 06:00"),
        (hours("22:30", "06:00", MON), "2026-12-01 00:00", "2026-11-30 03:00"),
        (hours("22:30", "06:00", SUN), "2026-11-30 03:00", "2026-12-01 03:00"),
        (hours("22:30", "00:00", MON), "2026-11-30 23:59", "2026-12-01 00:00"),
        (hours("00:00", "00:00", MON), "2026-11-30 00:00", "2026-12-01 00:00"),
        (hours("08:00", "08:00", MON), "2026-11-30 07:00", "2026-12-01 07:00"),
        (hours("08:00", "08:00"), "2026-12-06 07:59", None),
        (Hours(frozenset()), None, "2026-11-30 12:00"),
    ],
)
def test_a_window_is_from_its_begin_until_before_its_end(
    window: Hours, inside: str | None, outside: str | None
) -> None:
    assert inside is None or window.contains(wall(inside))
    assert outside is None or not window.contains(wall(outside))


@pytest.mark.parametrize(
    ("window", "now", "edge"),
    [
        (hours("07:00", "09:00", MON), "2026-11-30 06:59:59.5", "2026-11-30T07:00:00+01:00"),
        (hours("07:00", "09:00", MON), "2026-11-30 07:00", "2026-11-30T09:00:00+01:00"),
        (hours("07:00", "09:00", MON), "2026-11-30 09:00", "2026-12-07T07:00:00+01:00"),
        (hours("22:30", "06:00", SUN), "2026-11-29 23:00", "2026-11-30T06:00:00+01:00"),
        (hours("00:00", "00:00", SAT, SUN), "2026-11-28 00:00", "2026-11-30T00:00:00+01:00"),
        (hours("00:00", "00:00", SUN, MON), "2026-11-29 12:00", "2026-12-01T00:00:00+01:00"),
        (hours("08:00", "08:00"), "2026-11-29 12:00", None),
        (Hours(frozenset()), "2026-11-29 12:00", None),
        # The clocks are put forward and back on 2026-03-29 and 2026-10-25, at 01:00 UTC.
        (hours("04:00", "05:00"), "2026-03-29 01:00", "2026-03-29T03:00:00+02:00"),
        (hours("02:15", "02:45"), "2026-03-29 01:00", "2026-03-29T03:00:00+02:00"),
        (hours("04:00", "05:00"), "2026-03-29 03:00", "2026-03-29T04:00:00+02:00"),
        (hours("02:15", "02:45"), "2026-10-25 02:20", "2026-10-25T02:45:00+02:00"),
        (hours("02:15", "02:45"), "2026-10-25 02:45", "2026-10-25T02:00:00+01:00"),
    ],
)
def test_the_next_edge_is_an_instant(window: Hours, now: str, edge: str | None) -> None:
    found = next_edge(sorted(window.edges()), wall(now))
    assert (found and found.isoformat()) == edge
    assert found is None or found.tzinfo is STOCKHOLM


def test_the_hour_that_comes_twice_has_its_window_twice() -> None:
    window, now, found = hours("02:15", "02:45"), wall("2026-10-25 02:00"), []
    for _ in range(5):
        edge = next_edge(sorted(window.edges()), now)
        assert edge is not None
        now = edge
        found.append(edge.astimezone(UTC).strftime("%H:%M"))
    assert found == ["00:15", "00:45", "01:00", "01:15", "01:45"]


def test_half_an_hour_that_comes_twice_is_known_by_its_fold() -> None:
    window, now = hours("01:45", "02:00"), wall("2026-04-05 01:50", fold=1, zone=LORD_HOWE)
    edge = next_edge(sorted(window.edges()), now)
    assert edge is not None
    assert edge.timestamp() - now.timestamp() == timedelta(minutes=10).total_seconds()


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("daily", {0, 1, 2, 3, 4, 5, 6}),
        ("mon", {0}),
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("fri-mon", {4, 5, 6, 0}),
        ("sun-sun", {6}),
        ("sat,sun", {5, 6}),
        ("Mon - Wed, sat", {0, 1, 2, 5}),
        ("tue-mon", {0, 1, 2, 3, 4, 5, 6}),
    ],
)
def test_days_are_written_by_their_first_three_letters(text: str, days: set[int]) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize(
    "wrong", ["", "monday", "mon-", "-fri", "mon,", "mon-fri-sun", "mon tue", 1, ["mon"], None]
)
def test_other_days_are_refused_with_what_to_write(wrong: object) -> None:
    with pytest.raises(ValueError, match="a day such as mon, some such as sat,sun, or a range"):
        parse_days(wrong)


@pytest.mark.parametrize(("text", "minute"), [("00:00", 0), ("7:05", 425), ("23:59", 1439)])
def test_a_time_is_a_minute_of_the_day(text: str, minute: int) -> None:
    assert parse_time(text) == minute


@pytest.mark.parametrize(
    "wrong", ["", "7", "24:00", "12:60", "12:5", "07:00:00", "1\u0667:00", None]
)
def test_another_time_is_refused_with_what_to_write(wrong: object) -> None:
    with pytest.raises(ValueError, match='must be a time from "00:00" to "23:59", not'):
        parse_time(wrong)


def test_a_number_that_yaml_made_of_a_time_is_told_to_be_put_between_quotes() -> None:
    with pytest.raises(ValueError, match='between quotes, such as "22:30", not the number 1350'):
        parse_time(1350)


@pytest.mark.parametrize(
    ("table", "window"),
    [
        ({}, None),
        ({"screen": "clock"}, None),
        ({"days": "mon"}, hours("00:00", "00:00", MON)),
        ({"from": "22:30", "to": "07:00"}, hours("22:30", "07:00")),
        ({"from": "22:30", "to": "24:00", "days": "mon,tue"}, hours("22:30", "00:00", MON, TUE)),
    ],
)
def test_a_table_has_a_window_or_none(table: dict[str, object], window: Hours | None) -> None:
    assert hours_of(table) == window


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"from": "07:00"}, "from is there without to; write both"),
        ({"to": "07:00", "days": "mon"}, "to is there without from; write both"),
        ({"from": "24:00", "to": "07:00"}, 'from must be a time from "00:00"'),
        ({"from": "07:00", "to": 1350}, "to must be a time between quotes"),
        ({"days": "never"}, "days must be daily"),
    ],
)
def test_a_wrong_window_is_told_by_its_key(table: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        hours_of(table)
