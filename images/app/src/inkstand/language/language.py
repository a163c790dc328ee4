"""Words, dates, times and numbers in English, and what the other languages have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

# What strftime() tells in words.
_IN_WORDS = re.compile(r"%-?([aAbBp%])")
_ALL_HOURS = 24


@dataclass(frozen=True, slots=True)
class Language:
    """English, with the day before the month, and so without anything that has to be loaded.

    Moments are aware, and in the zone in which they are told.
    """

    code: str = "en"
    hour_cycle: int = _ALL_HOURS

    def text(self, english: str, **values: object) -> str:
        """Return what `english` says in this language, with `values` in place of {their names}."""
        return self.translated(english).format(**values)

    def translated(self, english: str) -> str:
        """Return what `english` says in this language, or `english` when that is not known."""
        return english

    def time(self, moment: datetime) -> str:
        """Return hours and minutes: 20:48, or 8:48 PM."""
        return "\u00a0".join(filter(None, (self.digits(moment), self.half(moment))))

    def digits(self, moment: datetime) -> str:
        """Return hours and minutes, without the half of the day."""
        if self.hour_cycle == _ALL_HOURS:
            return f"{moment:%H:%M}"
        return f"{moment.hour % 12 or 12}:{moment:%M}"

    def half(self, moment: datetime) -> str:
        """Return AM or PM; nothing when all 24 hours are counted."""
        return "" if self.hour_cycle == _ALL_HOURS else self.half_of_day(moment)

    def half_of_day(self, moment: datetime) -> str:
        """Return AM or PM."""
        return "AM" if moment.hour < 12 else "PM"  # noqa: PLR2004 - noon

    def weekday(self, moment: datetime, *, short: bool = False) -> str:
        """Return Wednesday or, when it is to be `short`, Wed."""
        return f"{moment:%a}" if short else f"{moment:%A}"

    def month(self, moment: datetime, *, short: bool = False) -> str:
        """Return September or, when it is to be `short`, Sep."""
        return f"{moment:%b}" if short else f"{moment:%B}"

    def day(self, moment: datetime, *, short: bool = False) -> str:
        """Return 30 September or, when it is to be `short`, 30 Sep."""
        return f"{moment.day} {self.month(moment, short=short)}"

    def weekday_and_day(self, moment: datetime) -> str:
        """Return Wed 30 Sep."""
        return f"{self.weekday(moment, short=True)} {self.day(moment, short=True)}"

    def date(self, moment: datetime) -> str:
        """Return 30 September 2026."""
        return f"{self.day(moment)} {moment.year}"

    def number(self, english: str) -> str:
        """Return the number in `english`, which has a point before decimals and no other one."""
        return english

    def strftime(self, moment: datetime, form: str) -> str:
        """Return `moment` as `form` says, with names of days and months in this language."""
        names: Mapping[str, Callable[[], str]] = {
            "a": lambda: self.weekday(moment, short=True),
            "A": lambda: self.weekday(moment),
            "b": lambda: self.month(moment, short=True),
            "B": lambda: self.month(moment),
            "p": lambda: self.half_of_day(moment),
            "%": lambda: "%%",
        }
        return moment.strftime(_IN_WORDS.sub(lambda found: names[found[1]](), form))


ENGLISH = Language()
