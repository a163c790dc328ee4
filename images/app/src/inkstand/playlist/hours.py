"""Windows of the week in the owner's wall time, and when they begin and end.

What the wall clock shows decides, also on the day when clocks change: of a window in the hour that
is left out nothing is there, and all of it twice in the hour that comes twice.
Days are numbers from 0, Monday, to 6; minutes of a day are 0 to 1439.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from inkstand.playlist.values import Table, saying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = frozenset(range(7))
KEYS = ("days", "from", "to")
WEEK_SECONDS = 7 * 24 * 60 * 60

_DAY = 24 * 60
_WEEK = 7 * _DAY
_DAY_SECONDS = _DAY * 60
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_END_OF_DAY = "24:00"


@dataclass(frozen=True, slots=True)
class Hours:
    """From `begin` until before `end`, in minutes of the day, on each of `days`.

    With `begin` after `end` it goes over midnight and belongs to the day on which it begins; with
    both the same it is the whole day, from midnight to midnight.
    """

    days: frozenset[int]
    begin: int = 0
    end: int = 0

    def contains(self, local: datetime) -> bool:
        """Return whether a wall clock that shows `local` is in the window."""
        return self.covers(minute_of_week(local))

    def covers(self, minute: int) -> bool:
        """Return whether a minute of the week, 0 to 10079 from Monday on, is in the window."""
        today, minute = divmod(minute, _DAY)
        if self.begin == self.end:
            return today in self.days
        if self.begin < self.end:
            return today in self.days and self.begin <= minute < self.end
        if minute >= self.begin:
            return today in self.days
        return minute < self.end and (today - 1) % 7 in self.days

    def edges(self) -> set[int]:
        """Return the minutes of the week at which it begins or ends."""
        whole = self.begin == self.end
        first, length = (0, _DAY) if whole else (self.begin, (self.end - self.begin) % _DAY)
        begins = {day * _DAY + first for day in self.days}
        # One whole day ends where the next begins: there is no edge.
        return begins ^ {(begin + length) % _WEEK for begin in begins}


def minute_of_week(local: datetime) -> int:
    """Return the minutes from Monday at midnight to what the wall shows."""
    return local.weekday() * _DAY + local.hour * 60 + local.minute


def changing(edges: Iterable[int], answer: Callable[[int], object]) -> tuple[int, ...]:
    """Return those of `edges`, sorted, at which `answer` is another than before.

    They are minutes of the week, between which it stays.
    """
    answers = [(edge, answer(edge)) for edge in sorted(edges)]
    before = [*answers[-1:], *answers[:-1]]
    return tuple(
        edge for (edge, now), (_, then) in zip(answers, before, strict=True) if now != then
    )


def wall(moment: datetime) -> datetime:
    """Return the instant `moment` as the wall shows it: none is in the hour that is left out."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo)


def next_edge(edges: Sequence[int], now: datetime) -> datetime | None:
    """Return the first instant after `now` (aware) at which the wall gets to one of `edges`.

    These are minutes of the week, sorted. It may be when the wall clock is put forward or back
    before that, which may go past some. None: there are no edges.
    """
    if not edges:
        return None
    here = minute_of_week(now)
    index = bisect_right(edges, here)
    ahead = edges[index] - here if index < len(edges) else edges[0] + _WEEK - here
    edge = int(now.replace(second=0, microsecond=0).timestamp()) + 60 * ahead
    return instant(_put_forward_or_back(now, edge) or edge, now.tzinfo)


def edges_after(
    now: datetime, following: Callable[[datetime], datetime | None]
) -> Iterator[datetime]:
    """Give the instant that follows `now`, the one that follows that, and so on."""
    moment = following(now)
    while moment is not None:
        yield moment
        moment = following(moment)


def instant(timestamp: float, zone: tzinfo | None) -> datetime:
    """Return an aware time of `zone`; adding to one of `zone` would add to what the wall shows."""
    return datetime.fromtimestamp(timestamp, zone)


def _put_forward_or_back(now: datetime, end: int) -> int | None:
    """Return the first second after `now` and until `end` with another offset from UTC."""
    start, zone, offset = int(now.timestamp()), now.tzinfo, now.utcoffset()

    def is_another(second: int) -> bool:
        return instant(second, zone).utcoffset() != offset

    for low in range(start, end, _DAY_SECONDS):
        high = min(low + _DAY_SECONDS, end)
        if is_another(high):
            return low + bisect_left(range(low, high), True, key=is_another)
    return None


def hours_of(table: Table) -> Hours | None:
    """Return the window of an entry's `days`, `from` and `to`; None: it has none of them.

    Raises:
        ValueError: one of them is wrong, or one time is there without the other.
    """
    for key, other in (("from", "to"), ("to", "from")):
        if key in table and other not in table:
            raise ValueError(f"{key} is there without {other}; write both, or none for whole days")
    if not any(key in table for key in KEYS):
        return None
    with saying("days"):
        days = parse_days(table.get("days", "daily"))
    with saying("from"):
        begin = parse_time(table.get("from", "00:00"))
    with saying("to"):
        end = parse_end(table.get("to", "00:00"))
    return Hours(days, begin, end)


def to_table(hours: Hours | None) -> Table:
    """Return the keys of an entry from which hours_of() makes these hours."""
    if hours is None:
        return {}
    days = ",".join(DAYS[day] for day in sorted(hours.days))
    table = {"days": "daily" if hours.days == EVERY_DAY else days}
    if not hours.begin and not hours.end:
        return table
    return {**table, "from": _clock(hours.begin), "to": _clock(hours.end)}


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def parse_days(value: object) -> frozenset[int]:
    """Return the days that "daily", "mon", "fri-mon" or "mon-wed, sat" names.

    Raises:
        ValueError: it is nothing of the kind.
    """
    if value == "daily":
        return EVERY_DAY
    parts = value.lower().split(",") if isinstance(value, str) else []
    named = [_range_of_days(part.strip()) for part in parts]
    if not all(named) or not named:
        raise ValueError(
            "must be daily, a day such as mon, some such as sat,sun, or a range such as mon-fri, "
            f"not {value!r}"
        )
    return frozenset[int]().union(*named)


def _range_of_days(text: str) -> frozenset[int]:
    """Return the days of "mon" or "fri-mon"; none if it is something else."""
    first, dash, last = (part.strip() for part in text.partition("-"))
    if first not in DAYS or (last if dash else first) not in DAYS:
        return frozenset()
    start = DAYS.index(first)
    length = (DAYS.index(last) - start) % 7 if dash else 0
    return frozenset((start + more) % 7 for more in range(length + 1))


def parse_time(value: object) -> int:
    """Return the minute of the day that a text such as "07:00" names.

    Raises:
        ValueError: it is nothing of the kind.
    """
    if isinstance(value, (int, float)):
        # YAML has numbers to the base of 60, and 22:30 is one.
        raise ValueError(f'must be a time between quotes, such as "22:30", not the number {value}')  # noqa: TRY004
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'must be a time from "00:00" to "23:59", not {value!r}')
    return int(match[1]) * 60 + int(match[2])


def parse_end(value: object) -> int:
    """Return the same, where "24:00" may stand, too: the end of a day is where the next begins.

    Raises:
        ValueError: it is no time.
    """
    return 0 if value == _END_OF_DAY else parse_time(value)
