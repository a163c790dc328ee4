"""The other languages: Babel knows names and forms of them, a file beside this one the words.

Babel takes memory, so this is loaded for who has chosen one of them.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from babel.core import Locale
from babel.dates import format_date, format_skeleton, format_time

from inkstand.language.language import Language

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

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
        return format_date(moment, "ccc" if short else "cccc", locale=self.code)

    def month(self, moment: datetime, *, short: bool = False) -> str:
        """Return the name of the month, as it is beside a day."""
        return format_date(moment, "MMM" if short else "MMMM", locale=self.code)

    def day(self, moment: datetime, *, short: bool = False) -> str:
        """Return day and month."""
        return format_skeleton("MMMd" if short else "MMMMd", moment, locale=self.code)

    def weekday_and_day(self, moment: datetime) -> str:
        """Return weekday, day and month, all of them short."""
        return format_skeleton("MMMEd", moment, locale=self.code)

    def date(self, moment: datetime) -> str:
        """Return day, month and year."""
        return format_date(moment, "long", locale=self.code)

    def number(self, english: str) -> str:
        """Return the number in `english`, which has a point before decimals and no other one."""
        return english.replace(".", Locale.parse(self.code).number_symbols["latn"]["decimal"])


@functools.cache
def words(code: str) -> Mapping[str, str]:
    """Return what is said for each English text in the language with that code."""
    return tomllib.loads((_FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
