"""Dates, times and numbers as people write them where each language is spoken."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import inkstand
from inkstand.language import CODES, ENGLISH, language_of

pytestmark = pytest.mark.unit

EVENING = datetime(2026, 9, 30, 20, 48, tzinfo=ZoneInfo("Europe/Stockholm"))
SIXTH = datetime(2026, 3, 6, 0, 5, tzinfo=ZoneInfo("Europe/Stockholm"))


@pytest.mark.parametrize(
    ("code", "weekday", "date", "short"),
    [
        ("en", "Wednesday", "30 September 2026", "Wed 30 Sep"),
        ("de", "Mittwoch", "30. September 2026", "Mi., 30. Sept."),
        ("fr", "mercredi", "30 septembre 2026", "mer. 30 sept."),
        ("es", "miércoles", "30 de septiembre de 2026", "mié, 30 sept"),
        ("sv", "onsdag", "30 september 2026", "ons 30 sep."),
    ],
)
def test_days_are_called_as_people_there_call_them(
    code: str, weekday: str, date: str, short: str
) -> None:
    language = language_of(code)
    assert language.weekday(EVENING) == weekday
    assert language.date(EVENING) == date
    assert language.weekday_and_day(EVENING) == short
    assert language.day(EVENING) in date
    assert language.day(EVENING, short=True) in short


@pytest.mark.parametrize(
    ("code", "evening", "night"),
    [
        ("en", "8:48\u00a0PM", "12:05\u00a0AM"),
        ("de", "8:48\u00a0PM", "12:05\u00a0AM"),
        ("fr", "8:48\u00a0PM", "12:05\u00a0AM"),
        ("es", "8:48\u00a0p.\u202fm.", "12:05\u00a0a.\u202fm."),
        ("sv", "8:48\u00a0em", "12:05\u00a0fm"),
    ],
)
def test_twelve_hours_are_counted_twice_where_that_is_chosen(
    code: str, evening: str, night: str
) -> None:
    chosen = language_of(code, 12)
    assert (chosen.time(EVENING), chosen.time(SIXTH)) == (evening, night)
    assert language_of(code).time(SIXTH) == "00:05"


@pytest.mark.parametrize("code", CODES)
def test_only_english_has_a_point_before_decimals(code: str) -> None:
    assert language_of(code).number("−1.5") == ("−1.5" if code == "en" else "−1,5")  # noqa: RUF001


@pytest.mark.parametrize("code", CODES)
def test_forms_of_days_have_their_names(code: str) -> None:
    language = language_of(code)
    assert language.strftime(EVENING, "%A, %d.%m.") == f"{language.weekday(EVENING)}, 30.09."
    assert language.strftime(EVENING, "%-d %b") == f"30 {language.month(EVENING, short=True)}"
    assert language.strftime(SIXTH, "%%a%%%-d") == "%a%6"


def test_languages_that_look_alike_are_equal() -> None:
    assert language_of("de") == language_of("de") != language_of("de", 12)
    assert language_of("en") == ENGLISH != language_of("sv")


def test_nothing_is_loaded_for_english() -> None:
    program = (
        "import sys; from inkstand.language import language_of; from datetime import datetime\n"
        "language_of('en', 12).time(datetime.now().astimezone()); print('babel' in sys.modules)"
    )
    argv = [sys.executable, "-c", program]
    source = str(Path(inkstand.__file__).parents[1])
    done = subprocess.run(
        argv, check=True, capture_output=True, text=True, env={"PYTHONPATH": source}
    )
    assert done.stdout == "False\n"
