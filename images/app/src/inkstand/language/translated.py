"""The other languages: Babel knows names and forms of them, a file beside this one the words.

Babel takes memory, so this is loaded for who has chosen one of them.
"""

from __future__ import annotations

import functools
import tomllib
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from babel.core import Locale
from babel.dates import format_date, format_skeleton, format_time

from inkstand.language.language import Language

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

_FOLDER = Path(__file__).parent


class Translated(Language):
    """A language with a file of words; what is not in it stays English."""

    __slots__ = ()

    def translated(self, english: str) -> str:
        """Return what `english` says in this language, or `english` when that is not known."""
        return words(self.code).get(english, english)

    def half_of_day(self, moment: datetime) -> str:
        """Return what AM or PM is called."""
        return format_time(moment, "a", locale=self.code)

    def weekday(self, moment: datetime, *, short: bool = False) -> str:
        """Return the name of the weekday."""
        return _told(self.code, "ccc" if short else "cccc", moment.date())

    def month(self, moment: datetime, *, short: bool = False) -> str:
        """Return the name of the month, as it is beside a day."""
        return _told(self.code, "MMM" if short else "MMMM", moment.date())

    def day(self, moment: datetime, *, short: bool = False) -> str:
        """Return day and month."""
        return _in_order(self.code, "MMMd" if short else "MMMMd", moment.date())

    def weekday_and_day(self, moment: datetime) -> str:
        """Return weekday, day and month, all of them short."""
        return _in_order(self.code, "MMMEd", moment.date())

    def date(self, moment: datetime) -> str:
        """Return day, month and year."""
        return _told(self.code, "long", moment.date())

    def number(self, english: str) -> str:
        """Return the number in `english`, which has a point before decimals and no other one."""
        return english.replace(".", Locale.parse(self.code).number_symbols["latn"]["decimal"])


# A clock asks each minute, and Babel takes longer than all that is drawn.
@functools.lru_cache(maxsize=32)
def _told(code: str, form: str, day: date) -> str:
    return format_date(day, form, locale=code)


@functools.lru_cache(maxsize=32)
def _in_order(code: str, parts: str, day: date) -> str:
    """Return the `parts` of a day in the order that the language has them."""
    return format_skeleton(parts, datetime.combine(day, time()), locale=code)


@functools.cache
def words(code: str) -> Mapping[str, str]:
    """Return what is said for each English text in the language with that code."""
    return tomllib.loads((_FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
