"""Whose turn it is while there is no message, and what a press makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from inkstand.playlist.home import AWAKE_TIME, LONGEST_QUIET, Home
from inkstand.playlist.playlist import CLOCK, Entry, Playlist
from inkstand.playlist.quiet import QuietHours, from_values

pytestmark = pytest.mark.unit

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
EVENING = datetime(2026, 11, 21, 22, 0, tzinfo=BERLIN)
NIGHT = EVENING + 60 * MINUTE
MORNING = datetime(2026, 11, 22, 6, 30, tzinfo=BERLIN)
QUIET = from_values([{"from": "22:30", "to": "06:30"}])
TURNS = Playlist((Entry("weather", 10, None), Entry(CLOCK, 5, None)))


def test_without_a_playlist_it_is_the_clock_and_never_changes() -> None:
    assert Home().at(EVENING) == Home()


def test_screens_take_turns() -> None:
    home, moment, seen = Home(playlist=TURNS), EVENING, []
    for _ in range(4):
        home = home.at(moment)
        assert home.changes_at is not None
        seen.append((home.screen, home.changes_at - moment.astimezone(UTC)))
        moment = home.changes_at.astimezone(BERLIN)
    names = [name for name, _ in seen]
    assert names in (["weather", CLOCK, "weather", CLOCK], [CLOCK, "weather", CLOCK, "weather"])
    times = {(name, time) for name, time in seen[1:]}
    assert times == {("weather", 10 * MINUTE), (CLOCK, 5 * MINUTE)}


def test_a_press_begins_the_turn_of_the_next() -> None:
    home = Home(playlist=TURNS).at(EVENING)
    pressed = home.following(EVENING).at(EVENING)
    assert {home.screen, pressed.screen} == {"weather", CLOCK}
    whole = {"weather": 10 * MINUTE, CLOCK: 5 * MINUTE}[pressed.screen]
    assert pressed.changes_at == EVENING.astimezone(UTC) + whole


def test_while_it_is_quiet_nobody_takes_turns() -> None:
    home = Home(playlist=TURNS, quiet_hours=QUIET).at(NIGHT)
    assert (home.quiet_until, home.changes_at) == (MORNING, MORNING)
    later = [home.at(NIGHT + step * 7 * MINUTE) for step in range(30)]
    assert {it.screen for it in later} == {home.screen}
    assert home.at(MORNING).quiet_until is None


def test_the_quiet_begins_in_time() -> None:
    home = Home(quiet_hours=QUIET).at(EVENING)
    assert (home.quiet_until, home.changes_at) == (None, EVENING + 30 * MINUTE)
    assert home.at(EVENING + 30 * MINUTE).quiet_until == MORNING


def test_a_press_wakes_it_for_a_while() -> None:
    home = Home(quiet_hours=QUIET).at(NIGHT).woken(NIGHT).at(NIGHT)
    assert (home.quiet_until, home.changes_at) == (None, NIGHT + AWAKE_TIME)
    assert home.at(NIGHT + AWAKE_TIME - MINUTE).quiet_until is None
    assert home.at(NIGHT + AWAKE_TIME).quiet_until == MORNING


def test_a_clock_that_is_set_back_keeps_nobody_awake_for_longer() -> None:
    home = Home(quiet_hours=QUIET).at(NIGHT).woken(NIGHT).at(NIGHT - 10 * MINUTE)
    assert home.changes_at == NIGHT - 10 * MINUTE + AWAKE_TIME
    assert home.at(NIGHT - 10 * MINUTE + AWAKE_TIME).quiet_until == MORNING


def test_what_is_told_later_than_it_happened_sends_nobody_to_sleep() -> None:
    home = Home(quiet_hours=QUIET).at(NIGHT).woken(NIGHT).at(NIGHT - MINUTE)
    assert home.quiet_until is None


def test_a_press_by_day_wakes_nobody() -> None:
    home = Home(quiet_hours=QUIET).at(EVENING)
    assert home.woken(EVENING) == home


def test_the_night_that_lasts_an_hour_longer_is_quiet_to_its_end() -> None:
    night = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    home = Home(quiet_hours=QUIET).at(night)
    assert home.changes_at == datetime(2026, 10, 25, 5, 30, tzinfo=UTC)
    assert Home(quiet_hours=QuietHours(())).at(night).changes_at is None


def test_a_screen_that_is_held_stays_whoevers_turn_it_is() -> None:
    home = Home(playlist=TURNS).holding("sun").at(EVENING)
    assert (home.screen, home.changes_at) == ("sun", None)
    assert home.at(EVENING + 90 * MINUTE).screen == "sun"
    turn = TURNS.turn(EVENING).screen
    assert home.holding(None).at(EVENING).screen == turn
    assert home.following(EVENING).at(EVENING).screen == turn


def test_a_press_on_a_held_screen_whose_turn_it_is_brings_the_next() -> None:
    turn = TURNS.turn(EVENING).screen
    home = Home(playlist=TURNS).holding(turn).at(EVENING).following(EVENING).at(EVENING)
    assert (home.held, home.screen) == (None, ({"weather", CLOCK} - {turn}).pop())


def test_it_is_held_without_a_playlist_too() -> None:
    home = Home().holding("sun").at(EVENING)
    assert home.screen == "sun"
    assert home.holding(None).at(EVENING) == Home()


def test_quiet_that_is_switched_on_lasts_a_day_at_most() -> None:
    home = Home(playlist=TURNS).with_quiet(EVENING, on=True).at(EVENING)
    ends = EVENING + LONGEST_QUIET
    assert (home.quiet_until, home.changes_at) == (ends, ends)
    assert home.at(ends).quiet_until is None
    assert home.with_quiet(NIGHT, on=False).at(NIGHT).quiet_until is None
    # The clock was set back, or what is told now happened before.
    before = home.at(EVENING - MINUTE)
    assert before.quiet_until == ends - MINUTE
    assert before.at(EVENING).quiet_until == ends - MINUTE


def test_a_press_wakes_it_then_too() -> None:
    home = Home().with_quiet(EVENING, on=True).at(EVENING).woken(EVENING).at(EVENING)
    assert (home.quiet_until, home.changes_at) == (None, EVENING + AWAKE_TIME)
    assert home.at(EVENING + AWAKE_TIME).quiet_until == EVENING + LONGEST_QUIET


def test_quiet_that_is_switched_off_comes_again_with_the_next_hours() -> None:
    home = Home(quiet_hours=QUIET).at(NIGHT).with_quiet(NIGHT, on=False).at(NIGHT)
    assert (home.quiet_until, home.changes_at) == (None, MORNING)
    assert home.at(MORNING).changes_at == MORNING + timedelta(hours=16)
    assert home.at(NIGHT + timedelta(days=1)).quiet_until == MORNING + timedelta(days=1)


def test_by_day_there_is_nothing_to_switch_off() -> None:
    home = Home(quiet_hours=QUIET).at(EVENING)
    assert home.with_quiet(EVENING, on=False) == home


def test_quiet_hours_go_on_where_the_switch_ends() -> None:
    evening = NIGHT - timedelta(days=1)
    home = Home(quiet_hours=QUIET).with_quiet(evening, on=True).at(evening)
    assert home.quiet_until == NIGHT
    assert home.at(NIGHT).quiet_until == MORNING
