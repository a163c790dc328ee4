"""Which screen is on the glass while nobody writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from inkstand.playlist.hours import EVERY_DAY, Hours
from inkstand.playlist.playlist import CLOCK, Entry, Playlist, Turn, from_values, unknown_screens

pytestmark = pytest.mark.unit

STOCKHOLM = ZoneInfo("Europe/Stockholm")
Value = dict[str, Any]
MORNING: Value = {"from": "07:00", "to": "09:00"}
NIGHT: Value = {"from": "22:30", "to": "06:00"}


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def turn(values: list[Value], now: str, shift: int = 0) -> tuple[str, str | None]:
    """Return the screen, and until when as the wall shows it."""
    found = from_values(values).turn(wall(now), shift)
    return found.screen, f"{found.until:%Y-%m-%d %H:%M}" if found.until else None


def entry(screen: str, minutes: int | None = None, **window: Any) -> Value:
    return {"screen": screen, "minutes": minutes, **window}


# 2026-11-30 is a Monday, and 12:00 in Stockholm is a multiple of twelve minutes after 1970.
@pytest.mark.parametrize(
    ("values", "now", "screen", "until"),
    [
        ([], "2026-11-30 12:00", "clock", None),
        ([entry("bikes")], "2026-11-30 12:00", "bikes", None),
        ([entry("bikes"), entry("sun", **MORNING)], "2026-11-30 08:00", "bikes", None),
        ([entry("clock", **MORNING)], "2026-11-30 08:00", "clock", None),
        ([entry("bikes", **MORNING)], "2026-11-30 08:00", "bikes", "2026-11-30 09:00"),
        ([entry("bikes", **MORNING)], "2026-11-30 09:00", "clock", "2026-12-01 07:00"),
        ([entry("bikes", **NIGHT)], "2026-11-30 05:59:59", "bikes", "2026-11-30 06:00"),
        ([entry("bikes", days="mon")], "2026-11-30 12:00", "bikes", "2026-12-01 00:00"),
        (
            [entry("bikes", **MORNING), entry("sun")],
            "2026-11-30 12:00",
            "sun",
            "2026-12-01 07:00",
        ),
        (
            [entry("bikes", **MORNING), entry("bikes", 5, days="sun"), entry("bikes")],
            "2026-11-30 12:00",
            "bikes",
            None,
        ),
        # One alone has nobody to take turns with.
        ([entry("bikes", 5)], "2026-11-30 12:00", "bikes", None),
        ([entry("bikes", 5), entry("bikes", 7)], "2026-11-30 12:00", "bikes", None),
        ([entry("bikes", 5), entry("sun", 7)], "2026-11-30 12:00", "bikes", "2026-11-30 12:05"),
        ([entry("bikes", 5), entry("sun", 7)], "2026-11-30 12:05", "sun", "2026-11-30 12:12"),
        ([entry("bikes", 5), entry("sun", 7)], "2026-11-30 12:11:59", "sun", "2026-11-30 12:12"),
        # Those without minutes are there to win, and the second cannot.
        (
            [entry("bikes", 5), entry("clock"), entry("sun", 7)],
            "2026-11-30 12:04",
            "bikes",
            "2026-11-30 12:05",
        ),
        (
            [entry("clock", **NIGHT), entry("bikes", 5), entry("sun", 7)],
            "2026-11-30 23:00",
            "clock",
            "2026-12-01 06:00",
        ),
        # A turn ends with the hours of who has it.
        (
            [entry("bikes", 60, **MORNING), entry("sun", 1)],
            "2026-11-30 08:50",
            "bikes",
            "2026-11-30 09:00",
        ),
    ],
)
def test_the_first_that_fits_wins_or_they_take_turns(
    values: list[Value], now: str, screen: str, until: str | None
) -> None:
    assert turn(values, now) == (screen, until)


@pytest.mark.parametrize(
    ("shift", "screen", "until"),
    [(4, "bikes", "12:01"), (5, "sun", "12:07"), (-1, "sun", "12:01"), (-12, "bikes", "12:05")],
)
def test_a_shift_moves_the_turns(shift: int, screen: str, until: str) -> None:
    values = [entry("bikes", 5), entry("sun", 7)]
    assert turn(values, "2026-11-30 12:00", shift) == (screen, f"2026-11-30 {until}")


def test_the_button_begins_each_turn_after_the_other() -> None:
    values = [entry("bikes", 5), entry("sun", 7), entry("clock"), entry("weather", 3)]
    playlist, now, shift, seen = from_values(values), wall("2026-11-30 12:03:30"), 0, []
    first = playlist.turn(now).screen
    for _ in range(4):
        shift = playlist.next_shift(now, shift)
        found = playlist.turn(now, shift)
        assert found.until is not None
        minutes = (found.until - wall("2026-11-30 12:03")).total_seconds() / 60
        seen.append((found.screen, minutes))
    assert first == "bikes"
    assert seen == [("sun", 7), ("weather", 3), ("bikes", 5), ("sun", 7)]


@pytest.mark.parametrize(
    "values",
    [[], [entry("bikes", 5)], [entry("bikes"), entry("sun", 5), entry("clock", 5)]],
    ids=["nothing", "one", "one that wins"],
)
def test_the_button_shifts_nothing_when_nobody_takes_turns(values: list[Value]) -> None:
    assert from_values(values).next_shift(wall("2026-11-30 12:00"), 3) == 3


def test_turns_are_as_long_as_ever_while_clocks_change() -> None:
    playlist = from_values([entry("bikes", 40), entry("sun", 50)])
    now, minutes = wall("2026-10-25 00:00"), list[float]()
    for _ in range(7):
        until = playlist.turn(now).until
        assert until is not None
        minutes.append((until.timestamp() - now.timestamp()) / 60)
        now = until
    assert sorted(minutes[1:3]) == [40, 50]
    assert minutes[1:] == minutes[1:3] * 3
    assert now.utcoffset() == timedelta(hours=1)


def test_the_hour_that_is_left_out_shows_nothing_and_is_no_reason_to_wake_up() -> None:
    values = [{"screen": "bikes", "from": "02:15", "to": "02:45"}]
    assert turn(values, "2026-03-29 01:00") == ("clock", "2026-03-30 02:15")
    # There is no such time: it is what is an hour later.
    assert turn(values, "2026-03-29 02:30") == ("clock", "2026-03-30 02:15")


def test_a_screen_that_stays_by_chance_is_asked_for_after_a_week() -> None:
    """Seven days take turns, so that each Sunday is the same one's."""
    sunday: Value = {"minutes": 1440, "days": "sun"}
    values = [{"screen": "sun", **sunday}, *[{"screen": "bikes", **sunday}] * 6, {"screen": "sun"}]
    now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    found = {from_values(values).turn(now, shift * 1440) for shift in range(7)}
    assert found == {
        Turn("sun", datetime(2026, 12, 7, tzinfo=UTC)),
        Turn("bikes", datetime(2026, 11, 30, tzinfo=UTC)),
    }


def test_utc_is_a_zone() -> None:
    now = datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert from_values([entry("bikes", **MORNING)]).turn(now) == Turn(
        "bikes", datetime(2026, 11, 30, 9, tzinfo=UTC)
    )


def test_values_become_entries() -> None:
    values = [
        {"screen": "weather", "minutes": "5", "days": "mon-fri", "from": "07:00", "to": "24:00"},
        {"screen": "clock", "minutes": None},
    ]
    weekdays = frozenset({0, 1, 2, 3, 4})
    assert from_values(values, ["weather"]) == Playlist(
        (Entry("weather", 5, Hours(weekdays, 420, 0)), Entry(CLOCK))
    )
    assert from_values([{"screen": "sun", "to": "01:00", "from": "00:00"}]).entries == (
        Entry("sun", None, Hours(EVERY_DAY, 0, 60)),
    )


GOOD = {"screen": "clock"}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ("clock", "must be a list of entries of screen, minutes, days, from and to"),
        (GOOD, "must be a list of entries of screen, minutes, days, from and to"),
        ([GOOD, "clock"], "at entry 2: must be a table of screen, minutes, days, from and to"),
        (
            [GOOD, {**GOOD, "minuets": 5}],
            "at entry 2: minuets means nothing there; did you mean minutes?",
        ),
        (
            [{**GOOD, "x": 5}],
            "at entry 1: x means nothing there; there is screen, minutes, days, from and to",
        ),
        ([{"minutes": 5}], "at entry 1: screen must be the name of one, such as clock, not None"),
        ([{"screen": 5}], "at entry 1: screen must be the name of one, such as clock, not 5"),
        ([{"screen": " "}], "at entry 1: screen must be the name of one, such as clock, not ' '"),
        ([GOOD, {**GOOD, "days": "x"}], "at entry 2: days must be daily, a day such as mon,"),
        ([{**GOOD, "from": "7"}], "at entry 1: from is there without to; write both,"),
        ([{**GOOD, "from": "7", "to": "8"}], "at entry 1: from must be a time from"),
        ([GOOD, {"screen": "wether"}], "at entry 2: there is no screen wether; did you mean w"),
        (
            [{"screen": "x"}],
            "at entry 1: there is no screen x; there is clock, clock-date and weather",
        ),
        *(
            (
                [{**GOOD, "minutes": minutes}],
                f"at entry 1: minutes must be a whole number from 1 to 1440, not {minutes!r}",
            )
            for minutes in (0, 1441, -1, True, 1.5, "", "\u0665", "five", 10**9, [5])
        ),
    ],
)
def test_what_is_wrong_is_told_by_entry_and_key(values: object, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        from_values(values, ["weather"])
    assert str(caught.value).startswith(sentence)


def test_the_names_of_screens_can_be_looked_at_later() -> None:
    playlist = from_values([{"screen": "bike"}, {"screen": "clock"}, {"screen": "sun"}])
    assert unknown_screens(playlist, {"bikes", "sun"}) == (
        "at entry 1: there is no screen bike; did you mean bikes?",
    )
    assert unknown_screens(playlist, ["bike", "sun"]) == ()
