"""The same programmes, minute by minute: what a patient person with a wall clock would write down.

It takes what an owner writes, compares times as text, and writes the round out minute for minute.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import random

ZONES = (
    "Europe/Stockholm",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/St_Johns",
)
DAYS = {
    "daily": "1234567",
    "mon-fri": "12345",
    "sat,sun": "67",
    "fri-mon": "5671",
    "mon, wed": "13",
    "sun": "7",
    "sun-sun": "7",
    "Sat - Mon": "671",
}
HOUR, DAY, WEEK, YEAR = 60, 24 * 60, 7 * 24 * 60, 365 * 24 * 60
NEW_YEAR = int(datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")).timestamp()) // 60

Value = dict[str, object]
# Digits of days, and two times.
Window = tuple[str, str, str]


@functools.cache
def wall(zone: str, minute: int) -> tuple[str, str, str]:
    """Return the weekday, that of yesterday, and the time on the wall, by minutes after 1970."""
    local = datetime.fromtimestamp(minute * 60, ZoneInfo(zone))
    today = local.isoweekday()
    return str(today), str(today - 1 or 7), local.isoformat()[11:16]


@functools.cache
def changes(zone: str) -> list[int]:
    """Return the hours of the year, in minutes after 1970, in which clocks are changed."""
    offsets = {
        minute: datetime.fromtimestamp(minute * 60, ZoneInfo(zone)).utcoffset()
        for minute in range(NEW_YEAR, NEW_YEAR + YEAR, HOUR)
    }
    return [each for each in offsets if offsets[each] != offsets.get(each - HOUR, offsets[each])]


def window(value: Value) -> Window:
    days = DAYS[str(value.get("days", "daily"))]
    return days, str(value.get("from", "00:00")), str(value.get("to", "00:00"))


def in_window(window: Window, now: tuple[str, str, str]) -> bool:
    (days, begin, end), (today, yesterday, time) = window, now
    if begin == end:
        return today in days
    if begin < end:
        return today in days and begin <= time < end
    return (today in days and begin <= time) or (yesterday in days and time < end)


@dataclass
class Programme:
    """A playlist in a zone; `shown` knows it by heart."""

    zone: str
    values: list[Value]
    windows: list[Window] = field(init=False)
    rounds: dict[tuple[int, ...], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.windows = [window(value) for value in self.values]

    def fitting(self, minute: int) -> list[int]:
        now = wall(self.zone, minute)
        return [index for index, one in enumerate(self.windows) if in_window(one, now)]

    def takers(self, minute: int) -> tuple[int, ...]:
        fitting = self.fitting(minute)
        if not fitting or "minutes" not in self.values[fitting[0]]:
            return ()
        return tuple(index for index in fitting if "minutes" in self.values[index])

    def turn(self, minute: int, shift: int) -> int:
        """Return the index of the entry whose turn it is."""
        takers = self.takers(minute)
        if takers not in self.rounds:
            minutes = [(index, int(str(self.values[index]["minutes"]))) for index in takers]
            self.rounds[takers] = [index for index, many in minutes for _ in range(many)]
        written = self.rounds[takers]
        return written[(minute + shift) % len(written)]

    def shown(self, minute: int, shift: int) -> str:
        fitting = self.fitting(minute)
        if not fitting:
            return "clock"
        index = self.turn(minute, shift) if "minutes" in self.values[fitting[0]] else fitting[0]
        return str(self.values[index]["screen"])


def is_quiet(zone: str, windows: list[Window], minute: int) -> bool:
    now = wall(zone, minute)
    return any(in_window(window, now) for window in windows)


def quiet_ends(zone: str, windows: list[Window], minute: int) -> int | None:
    """Return the minute in which the quiet ends that there is, a week later at most."""
    if not is_quiet(zone, windows, minute):
        return None
    loud = (each for each in range(minute, minute + WEEK) if not is_quiet(zone, windows, each))
    return next(loud, minute + WEEK)


def random_time(dice: random.Random) -> str:
    """Return a time of day; half of them are near where clocks are changed."""
    minute = dice.randrange(0, 4 * HOUR, 15) if dice.random() < 0.5 else dice.randrange(DAY)
    return f"{minute // 60:02}:{minute % 60:02}"


def random_window(dice: random.Random) -> Value:
    value: Value = {"days": dice.choice(list(DAYS))} if dice.random() < 0.7 else {}
    if not value or dice.random() < 0.8:
        value |= {"from": random_time(dice), "to": random_time(dice)}
    return value


def random_entry(dice: random.Random) -> Value:
    value: Value = {"screen": dice.choice(("clock", "weather", "bikes", "sun"))}
    if dice.random() < 0.6:
        value["minutes"] = dice.choice((1, 5, 7, 30, 60, 95, 1440))
    return value | (random_window(dice) if dice.random() < 0.7 else {})


def random_start(dice: random.Random, zone: str) -> int:
    """Return a minute of the year, after 1970; half of them are just before clocks change."""
    if (there := changes(zone)) and dice.random() < 0.5:
        return dice.choice(there) - dice.randrange(3 * HOUR)
    # Not anywhere: what the wall shows then is worked out once.
    return NEW_YEAR + dice.randrange(8) * 45 * DAY + dice.randrange(DAY)
