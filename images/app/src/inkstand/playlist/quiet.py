"""When the panel is quiet: nothing is refreshed that nobody asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from inkstand.playlist.hours import (
    KEYS,
    WEEK_SECONDS,
    Hours,
    changing,
    edges_after,
    hours_of,
    instant,
    next_edge,
    to_table,
    wall,
)
from inkstand.playlist.values import Table, saying, tables

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Windows of the week; those that touch or overlap are one."""

    windows: tuple[Hours, ...] = ()

    def until(self, now: datetime) -> datetime | None:
        """Return when the quiet ends that there is at `now` (aware), in its zone; None: it is not.

        It is a week after `now` when the quiet lasts longer than that, or for ever: ask again then.
        """
        if not self._contain(wall(now)):
            return None
        end, latest = self.next_change(now), instant(now.timestamp() + WEEK_SECONDS, now.tzinfo)
        return latest if end is None or end.timestamp() > latest.timestamp() else end

    def next_change(self, now: datetime) -> datetime | None:
        """Return when quiet next begins or ends after `now` (aware), in its zone; None: never."""
        now = wall(now)
        was_quiet, edges = self._contain(now), _edges(self.windows)
        moments = edges_after(now, lambda moment: next_edge(edges, moment))
        # It is not each of them: the hour that is left out may hold an edge, or a whole window.
        return next((each for each in moments if self._contain(each) != was_quiet), None)

    def _contain(self, local: datetime) -> bool:
        return any(window.contains(local) for window in self.windows)


@lru_cache(maxsize=8)
def _edges(windows: tuple[Hours, ...]) -> tuple[int, ...]:
    """Return the minutes of the week at which quiet begins or ends."""
    every = {edge for window in windows for edge in window.edges()}
    return changing(every, lambda minute: any(window.covers(minute) for window in windows))


def from_values(value: object) -> QuietHours:
    """Return the quiet hours of a list of tables with `days`, `from` and `to`.

    Raises:
        TypeError: it is no list, or an entry no table.
        ValueError: an entry is wrong; the sentence says which, and what to write.
    """
    windows = []
    for number, table in enumerate(tables(value, KEYS), 1):
        with saying(f"at entry {number}:"):
            windows.append(_window(table))
    return QuietHours(tuple(windows))


def to_values(quiet: QuietHours) -> list[Table]:
    """Return the tables of which from_values() makes these quiet hours."""
    return [to_table(window) for window in quiet.windows]


def _window(table: Table) -> Hours:
    hours = hours_of(table)
    if hours is None:
        raise ValueError('says nothing; write when, such as from "22:30" to "07:00"')
    return hours
