"""Rules by which something comes again."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from images.app.tests.repeat_oracle import DAYS, walk
from inkstand.errors import InvalidValueError
from inkstand.messages.repeat import WORDS, occurrences, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit
# Half an hour of daylight time, none, and one that is off for a month are among them.
ZONES = (
    "Europe/Stockholm",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Casablanca",
)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
START = datetime(2026, 12, 1, 19, tzinfo=STOCKHOLM)
LONG = timedelta(days=430)


def random_rule(chance: random.Random) -> dict[str, str]:
    """Return the parts of a rule that is taken."""
    frequency = chance.choice(("DAILY", "WEEKLY", "MONTHLY", "YEARLY"))
    parts = {"FREQ": frequency}
    months = frequency != "WEEKLY"
    if chance.random() < 0.6:
        greatest = {"MONTHLY": 5, "YEARLY": 53}.get(frequency)
        number = greatest if chance.random() < 0.5 else None
        chosen = chance.sample(DAYS, chance.randint(1, 3))
        numbers = [_number(chance, number) if number else "" for _ in chosen]
        parts["BYDAY"] = ",".join(map("".join, zip(numbers, chosen, strict=True)))
    if months and chance.random() < 0.4:
        parts["BYMONTHDAY"] = ",".join(_number(chance, 31) for _ in range(chance.randint(1, 3)))
    if len(parts) == 1 or frequency != "DAILY":
        parts["INTERVAL"] = str(chance.choice((1, 1, 2, 3, 5)))
    ends = chance.random()
    if ends < 0.2:
        parts["COUNT"] = str(chance.randint(1, 40))
    elif ends < 0.4:
        until = START.astimezone(UTC) + timedelta(minutes=chance.randrange(430 * 1440))
        form = chance.choice(("%Y%m%d", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ"))
        parts["UNTIL"] = until.strftime(form)
    return parts


def _number(chance: random.Random, most: int) -> str:
    return str(chance.choice((1, -1)) * chance.randint(1, most))


def text(parts: dict[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())


def until(horizon: datetime, times: Iterator[datetime]) -> list[datetime]:
    return list(takewhile(lambda at: at <= horizon, times))


@pytest.mark.parametrize("zone", map(ZoneInfo, ZONES), ids=str)
def test_rules_come_when_one_that_looks_at_each_day_says(zone: ZoneInfo) -> None:
    chance = random.Random(str(zone))
    for _ in range(400):
        parts = random_rule(chance)
        start = START.astimezone(UTC) + timedelta(minutes=chance.randrange(300 * 1440))
        after = start + timedelta(minutes=chance.randrange(400 * 1440))
        horizon = start + LONG
        expected = list(walk(parts, start, zone, horizon))
        rule = parse(text(parts))
        found = until(horizon, occurrences(rule, start, zone))
        later = until(horizon, occurrences(rule, start, zone, after))
        assert found == expected, (text(parts), start)
        assert later == [at for at in expected if at > after], (text(parts), start, after)


def walls(rule: str, start: datetime = START, count: int = 3) -> list[str]:
    found: Iterator[datetime] = islice(occurrences(parse(rule), start, STOCKHOLM), count)
    return [f"{at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}" for at in found]


def test_an_evening_stays_one_when_the_clock_is_changed() -> None:
    start = datetime(2027, 3, 27, 19, tzinfo=STOCKHOLM)
    assert walls("daily", start) == ["2027-03-27 19:00", "2027-03-28 19:00", "2027-03-29 19:00"]


def test_a_time_that_the_clock_skips_comes_an_hour_later() -> None:
    start = datetime(2027, 3, 27, 2, 30, tzinfo=STOCKHOLM)
    assert walls("daily", start) == ["2027-03-27 02:30", "2027-03-28 03:30", "2027-03-29 02:30"]


def test_a_time_that_comes_twice_is_meant_once() -> None:
    start = datetime(2026, 10, 24, 2, 30, tzinfo=STOCKHOLM)
    found = list(islice(occurrences(parse("daily"), start, STOCKHOLM), 3))
    assert [at.hour for at in found] == [0, 0, 1]


def test_it_never_comes_before_its_start() -> None:
    second = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=STOCKHOLM)
    assert next(occurrences(parse("daily"), second, STOCKHOLM)) == second.astimezone(UTC)


def test_words_mean_rules() -> None:
    assert walls("weekdays", START, 5)[-2:] == ["2026-12-04 19:00", "2026-12-07 19:00"]
    assert walls("Weekly") == ["2026-12-01 19:00", "2026-12-08 19:00", "2026-12-15 19:00"]
    assert walls("yearly", START, 2)[1] == "2027-12-01 19:00"
    assert all(parse(word) == parse(f"RRULE:{rule}") for word, rule in WORDS.items())


def test_a_rare_day_comes() -> None:
    start = datetime(2076, 2, 23, 8, tzinfo=STOCKHOLM)
    years = [wall[:10] for wall in walls("FREQ=MONTHLY;INTERVAL=12;BYDAY=5SU", start, 2)]
    assert years == ["2088-02-29", "2128-02-29"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYDAY=1MO;BYMONTHDAY=20",
        "FREQ=MONTHLY;BYDAY=-1TU;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYMONTHDAY=31;INTERVAL=12",
        "FREQ=YEARLY;INTERVAL=1000;BYDAY=53MO;BYMONTHDAY=1",
    ],
)
def test_a_rule_that_never_comes_is_left_soon(rule: str) -> None:
    begun = time.process_time()
    start = datetime(2027, 2, 1, 8, tzinfo=STOCKHOLM)
    assert list(occurrences(parse(rule), start, STOCKHOLM)) == []
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("year", [4726, 9990])
@pytest.mark.parametrize("rule", ["daily", "weekdays", "FREQ=MONTHLY;BYMONTHDAY=-1", "yearly"])
def test_a_million_times_that_have_passed_cost_nothing(rule: str, year: int) -> None:
    begun = time.process_time()
    after = datetime(year, 5, 17, 12, tzinfo=UTC)
    following = next(occurrences(parse(rule), START, STOCKHOLM, after))
    assert after < following < after + timedelta(days=366)
    assert time.process_time() - begun < 0.5


def test_nothing_comes_after_the_last_year() -> None:
    for rule in WORDS:
        found = occurrences(parse(rule), START, STOCKHOLM, datetime(9999, 6, 1, tzinfo=UTC))
        assert list(found) == []


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ("", "FREQ"),
        ("hourly", "FREQ"),
        ("FREQ=HOURLY", "finer than daily"),
        ("FREQ=SECONDLY;COUNT=3", "finer than daily"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;BYHOUR=3", "BYHOUR"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=1001", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=²", "INTERVAL"),
        ("FREQ=DAILY;COUNT=999999", "COUNT"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "not both"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20270230", "UNTIL"),
        ("FREQ=DAILY;UNTIL=99991231", "UNTIL"),
        ("FREQ=DAILY;UNTIL=00010101", "UNTIL"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=6MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=1MO,TU", "BYDAY"),
        ("FREQ=YEARLY;BYDAY=54MO", "BYDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=DAILY;INTERVAL=2;BYDAY=MO", "INTERVAL"),
    ],
)
def test_what_is_no_rule_is_refused_by_name(rule: str, word: str) -> None:
    with pytest.raises(InvalidValueError, match=word):
        parse(rule)
