"""Which screen is on the glass while nobody writes: the first that fits, or several by turns."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from inkstand.errors import did_you_mean
from inkstand.playlist.hours import KEYS as KEYS_OF_HOURS
from inkstand.playlist.hours import (
    WEEK_SECONDS,
    Hours,
    changing,
    edges_after,
    hours_of,
    instant,
    minute_of_week,
    next_edge,
    to_table,
    wall,
)
from inkstand.playlist.values import Table, saying, tables

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

CLOCK, DATE_CLOCK = "clock", "clock-date"
BUILT_IN = (CLOCK, DATE_CLOCK)
MAX_MINUTES = 24 * 60
KEYS = ("screen", "minutes", *KEYS_OF_HOURS)


@dataclass(frozen=True, slots=True)
class Entry:
    """A screen; None as `minutes` is until something else comes, as `hours` at any time."""

    screen: str
    minutes: int | None = None
    hours: Hours | None = None

    def fits(self, minute: int) -> bool:
        """Return whether it may be shown in a minute of the week, from Monday on."""
        return self.hours is None or self.hours.covers(minute)


# At least one.
Takers = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """A screen, and the instant (aware) until which it stays at least; None: it stays."""

    screen: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Playlist:
    """What to show, and when.

    Of the entries whose hours it is the first wins if it has no minutes; else those that have some
    take turns, each for its minutes. When there is none it is the clock.

    Turns follow from the time alone: the place in the round is the minutes since 1970 in UTC, and
    `shift` minutes more, modulo the length of the round. Who presses the button keeps the shift.
    """

    entries: tuple[Entry, ...] = ()

    def turn(self, now: datetime, shift: int = 0) -> Turn:
        """Return what is on the glass at `now` (aware), and until when.

        That is after `now`, in its zone: where another screen comes, or something more than a week
        ahead when by chance none does until then.
        """
        now = wall(now)
        screen, latest = self._screen(now, shift), now.timestamp() + WEEK_SECONDS
        for moment in edges_after(now, lambda edge: self._next_edge(edge, shift)):
            if self._screen(moment, shift) != screen or moment.timestamp() > latest:
                return Turn(screen, moment)
        return Turn(screen, None)

    def next_shift(self, now: datetime, shift: int) -> int:
        """Return the shift with which the next turn begins in the minute of `now` (aware).

        It is `shift` when fewer than two entries take turns.
        """
        takers = self._takers(wall(now))
        return shift + _place(takers, now, shift)[1] if len(takers) > 1 else shift

    def _takers(self, now: datetime) -> Takers:
        return _week(self.entries).takers_at(now)

    def _screen(self, now: datetime, shift: int) -> str:
        takers = self._takers(now)
        return takers[_place(takers, now, shift)[0]].screen

    def _next_edge(self, now: datetime, shift: int) -> datetime | None:
        """Return the first instant after `now` at which another screen may come."""
        of_hours = next_edge(_week(self.entries).edges, now)
        edges = filter(None, [of_hours, _end_of_turn(self._takers(now), now, shift)])
        # By the timestamp: two times of one zone compare by what the wall shows.
        return min(edges, key=lambda edge: edge.timestamp(), default=None)


@dataclass(frozen=True, slots=True)
class _Week:
    """Who takes turns from each of `starts` on, and at which `edges` that makes a difference.

    Both are minutes of the week, sorted. Before the first it is who takes turns from the last on.
    """

    starts: tuple[int, ...]
    takers: tuple[Takers, ...]
    edges: tuple[int, ...]

    def takers_at(self, local: datetime) -> Takers:
        return self.takers[bisect_right(self.starts, minute_of_week(local)) - 1]


@lru_cache(maxsize=8)
def _week(entries: tuple[Entry, ...]) -> _Week:
    edges = {edge for entry in entries if entry.hours for edge in entry.hours.edges()}
    takers = {minute: _takers(entries, minute) for minute in sorted(edges or {0})}
    changes = changing(takers, lambda minute: _shown(takers[minute]))
    return _Week(tuple(takers), tuple(takers.values()), changes)


def _takers(entries: tuple[Entry, ...], minute: int) -> Takers:
    """Return the entries that take turns in a minute of the week; who wins is there alone."""
    fitting = [entry for entry in entries if entry.fits(minute)] or [Entry(CLOCK)]
    if fitting[0].minutes is None:
        return (fitting[0],)
    return tuple(entry for entry in fitting if entry.minutes is not None)


def _shown(takers: Takers) -> object:
    """Return what makes a difference of who takes turns: with one screen, only which it is."""
    screens = {entry.screen for entry in takers}
    return takers if len(screens) > 1 else screens


def _place(takers: Takers, now: datetime, shift: int) -> tuple[int, int]:
    """Return the index of the one whose turn it is, and the minutes that are left of it."""
    ends = list(accumulate(entry.minutes or MAX_MINUTES for entry in takers))
    position = (_minute(now) + shift) % ends[-1]
    index = bisect_right(ends, position)
    return index, ends[index] - position


def _minute(now: datetime) -> int:
    return int(now.timestamp() // 60)


def _end_of_turn(takers: Takers, now: datetime, shift: int) -> datetime | None:
    if len({entry.screen for entry in takers}) < 2:  # noqa: PLR2004
        return None
    left = _place(takers, now, shift)[1]
    return instant(60 * (_minute(now) + left), now.tzinfo)


def from_values(value: object, screens: Collection[str] | None = None) -> Playlist:
    """Return the playlist of a list of tables with `screen`, `minutes`, `days`, `from` and `to`.

    `screens` are the names that an entry may have, beside the clocks; None: they are looked at
    later, by unknown_screens().

    Raises:
        TypeError: it is no list, or an entry no table.
        ValueError: an entry is wrong; the sentence says which, and what to write.
    """
    entries = []
    for number, table in enumerate(tables(value, KEYS), 1):
        with saying(f"at entry {number}:"):
            entries.append(_entry(table))
    playlist = Playlist(tuple(entries))
    for sentence in () if screens is None else unknown_screens(playlist, screens):
        raise ValueError(sentence)
    return playlist


def to_values(playlist: Playlist) -> list[Table]:
    """Return the tables of which from_values() makes this playlist."""
    return [
        {
            "screen": entry.screen,
            **({"minutes": entry.minutes} if entry.minutes else {}),
            **to_table(entry.hours),
        }
        for entry in playlist.entries
    ]


def unknown_screens(playlist: Playlist, names: Collection[str]) -> tuple[str, ...]:
    """Return a sentence for each entry whose screen is neither a clock nor one of `names`."""
    known = {*BUILT_IN, *names}
    return tuple(
        f"at entry {number}: there is no screen {entry.screen}"
        f"{did_you_mean(entry.screen, sorted(known))}"
        for number, entry in enumerate(playlist.entries, 1)
        if entry.screen not in known
    )


def _entry(table: Table) -> Entry:
    return Entry(_screen_of(table), _minutes_of(table), hours_of(table))


def _screen_of(table: Table) -> str:
    name = table.get("screen")
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ValueError(f"screen must be the name of one, such as {CLOCK}, not {name!r}")
    return name


def _minutes_of(table: Table) -> int | None:
    value = table.get("minutes")
    if value is None:
        return None
    is_number = not isinstance(value, bool) and re.fullmatch(r"\d{1,4}", str(value), re.ASCII)
    if not is_number or not 1 <= int(str(value)) <= MAX_MINUTES:
        raise ValueError(f"minutes must be a whole number from 1 to {MAX_MINUTES}, not {value!r}")
    return int(str(value))
