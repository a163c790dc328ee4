"""2,000 random programmes in five zones show what somebody finds who looks every minute."""

from __future__ import annotations

import random
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from images.app.tests.playlist import oracle
from inkstand.playlist import quiet
from inkstand.playlist.playlist import Playlist, Turn, from_values

pytestmark = pytest.mark.unit

PLAYLISTS, QUIET_HOURS = 300, 100
# Of each programme: so many minutes one by one, then so many changes, in a week at most.
MINUTES, CHANGES = 5 * oracle.HOUR, 15

Followed = tuple[oracle.Programme, Playlist, int]


def moment(zone: str, minute: int, seconds: float = 0) -> datetime:
    return datetime.fromtimestamp(minute * 60 + seconds, ZoneInfo(zone))


def minute_of(instant: datetime) -> int:
    minute, seconds = divmod(instant.timestamp(), 60)
    assert seconds == 0
    return int(minute)


def programme(dice: random.Random, zone: str) -> Followed:
    values = [oracle.random_entry(dice) for _ in range(dice.randrange(6))]
    shift = dice.choice((0, dice.randrange(-5000, 5000)))
    return oracle.Programme(zone, values), from_values(values), shift


def following(turn: Turn, playlist: Playlist, shift: int) -> Turn:
    assert turn.until is not None
    return playlist.turn(turn.until, shift)


def look_every_minute(followed: Followed, start: int) -> None:
    told, playlist, shift = followed
    turn = playlist.turn(moment(told.zone, start, 37.25), shift)
    for minute in range(start, start + MINUTES):
        if turn.until is not None and minute_of(turn.until) <= minute:
            assert turn.until.tzinfo is ZoneInfo(told.zone)
            # Later than the one before, or this would be no minute that is looked at.
            assert minute_of(turn.until) == minute > start
            before, turn = turn, following(turn, playlist, shift)
            assert turn.screen != before.screen
        assert turn.screen == told.shown(minute, shift), (told, minute)


def look_at_changes(dice: random.Random, followed: Followed, start: int) -> None:
    told, playlist, shift = followed
    turn, here = playlist.turn(moment(told.zone, start), shift), start
    for _ in range(CHANGES):
        there = here + oracle.WEEK if turn.until is None else minute_of(turn.until)
        for minute in (here, dice.randrange(here, there), there - 1):
            assert turn.screen == told.shown(minute, shift), (told, minute)
        if turn.until is None or there > start + oracle.WEEK:
            break
        turn, here = following(turn, playlist, shift), there


def press(followed: Followed, minute: int) -> None:
    told, playlist, shift = followed
    pressed = playlist.next_shift(moment(told.zone, minute, 59.5), shift)
    takers = told.takers(minute)
    if len(takers) < 2:
        assert pressed == shift
        return
    before, after = told.turn(minute, shift), told.turn(minute, pressed)
    assert after == takers[(takers.index(before) + 1) % len(takers)]
    assert told.turn(minute, pressed - 1) == before


@pytest.mark.parametrize("zone", oracle.ZONES)
def test_playlists_over_a_year(zone: str) -> None:
    dice = random.Random(zone)
    for _ in range(PLAYLISTS):
        followed, start = programme(dice, zone), oracle.random_start(dice, zone)
        look_every_minute(followed, start)
        look_at_changes(dice, followed, start)
        press(followed, start)


@pytest.mark.parametrize("zone", oracle.ZONES)
def test_quiet_hours_over_a_year(zone: str) -> None:
    dice = random.Random(zone)
    for _ in range(QUIET_HOURS):
        values = [oracle.random_window(dice) for _ in range(dice.randrange(5))]
        hours, windows = quiet.from_values(values), [oracle.window(value) for value in values]
        start = oracle.random_start(dice, zone)
        look_for_changes(hours, windows, zone, start)
        ends = oracle.quiet_ends(zone, windows, start)
        until = hours.until(moment(zone, start, 59.5 if ends != start + oracle.WEEK else 0))
        assert (None if until is None else minute_of(until)) == ends, (values, start)


def look_for_changes(
    hours: quiet.QuietHours, windows: list[oracle.Window], zone: str, start: int
) -> None:
    change = hours.next_change(moment(zone, start, 59.5))
    was_quiet = oracle.is_quiet(zone, windows, start)
    for minute in range(start + 1, start + MINUTES):
        is_quiet = oracle.is_quiet(zone, windows, minute)
        told = change is not None and minute_of(change) == minute
        assert told is (is_quiet is not was_quiet), (windows, minute)
        change, was_quiet = hours.next_change(change) if change and told else change, is_quiet


def test_both_changes_of_the_year_are_in_it() -> None:
    found = {zone: len(oracle.changes(zone)) for zone in oracle.ZONES}
    assert found == {zone: 0 if zone == "Asia/Kolkata" else 2 for zone in oracle.ZONES}
