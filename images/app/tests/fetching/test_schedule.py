"""When a source is asked next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from inkstand.fetching.schedule import next_at, parse_retry_after

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)
MIDDLE = 0.5


def wait(seconds: float, **changes: object) -> float:
    """Return in how many seconds a source of that interval is asked again."""
    keywords = {"chance": MIDDLE, **changes}
    at = next_at(NOW, timedelta(seconds=seconds), **keywords)  # type: ignore[arg-type]
    return (at - NOW).total_seconds()


@pytest.mark.parametrize(("interval", "seconds"), [(60, 60), (600, 600), (86_400, 86_400)])
def test_it_is_asked_in_its_interval(interval: float, seconds: float) -> None:
    assert wait(interval) == seconds


@pytest.mark.parametrize("interval", [-5, 0, 1, 59.9])
def test_no_interval_is_shorter_than_a_minute(interval: float) -> None:
    assert wait(interval) == 60


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 540), (0.25, 570), (1.0, 660)])
def test_chance_moves_it_by_a_tenth(chance: float, seconds: float) -> None:
    assert wait(600, chance=chance) == pytest.approx(seconds)


def test_chance_does_not_make_a_minute_shorter() -> None:
    assert wait(60, chance=0.0) == 60
    assert wait(60, chance=1.0) == 66


def test_a_minute_that_fails_is_doubled_up_to_an_hour() -> None:
    waits = [wait(60, failures=failures) for failures in (0, 1, 2, 3, 4, 5, 6, 7, 8, 10**9)]
    assert waits == [60, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_failing_never_makes_it_be_asked_more_often() -> None:
    assert [wait(600, failures=failures) for failures in range(8)] == [
        *(600, 600, 600, 600, 600),
        *(960, 1920, 3600),
    ]
    assert {wait(7200, failures=failures) for failures in range(9)} == {7200}


def test_it_is_left_alone_for_as_long_as_it_wants_and_at_most_a_day() -> None:
    assert wait(600, chance=0.0, failures=1, retry_after=timedelta(minutes=30)) == 1800
    assert wait(600, failures=1, retry_after=timedelta(seconds=5)) == 600
    assert wait(600, failures=1, retry_after=timedelta(days=365)) == 86_400
    assert wait(600, failures=1, retry_after=timedelta(days=-1)) == 600


def test_an_hour_is_an_hour_when_clocks_are_changed() -> None:
    before = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    after = next_at(before, timedelta(hours=1), chance=MIDDLE)
    assert (after.hour, after.minute, after.fold) == (2, 30, 1)
    assert after.tzinfo is before.tzinfo


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("86401", 86_400),
        ("9" * 5000, 86_400),
        ("Sun, 29 Nov 2026 09:35:00 GMT", 300),
        ("Sun, 29 Nov 2026 10:35:00 +0100", 300),
        ("Sun, 29 Nov 2026 09:35:00 -0000", 300),
        ("Sun, 29 Nov 2026 09:25:00 GMT", 0),
        ("Sun, 29 Nov 2099 09:35:00 GMT", 86_400),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 86_400),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
    ],
)
def test_how_long_it_wants_is_seconds_or_a_moment(value: str, seconds: float) -> None:
    assert parse_retry_after(value, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "-5",
        "1.5",
        "1e3",
        "\N{ARABIC-INDIC DIGIT THREE}",
        "\N{SUPERSCRIPT TWO}",
        "\x00",
        "a, b",
        "1 1 1 1",
        "Sun, 99 Nov 2026 09:35:00 GMT",
        "Sun, 29 Nov 2026 09:35:00 +9999",
    ],
)
def test_what_cannot_be_read_is_nothing(value: str | None) -> None:
    assert parse_retry_after(value, NOW) is None
