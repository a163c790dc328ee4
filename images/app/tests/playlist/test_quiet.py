"""When the panel is quiet."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from inkstand.playlist.hours import EVERY_DAY, Hours
from inkstand.playlist.quiet import QuietHours, from_values

pytestmark = pytest.mark.unit

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NIGHT = {"from": "22:30", "to": "07:00"}
WEEKDAYS, WEEKEND = {"days": "mon-fri"}, {"days": "sat,sun"}
ALL_DAY = {"days": "daily"}
LEFT_OUT = {"days": "sun", "from": "02:15", "to": "02:45"}
BUT_FOR_IT = [{"from": "02:45", "to": "02:15"}, {"days": "mon-sat"}]


def wall(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM, fold=fold)


# 2026-11-30 is a Monday.
@pytest.mark.parametrize(
    ("values", "now", "until", "change"),
    [
        ([], "2026-11-30 12:00", None, None),
        ([NIGHT], "2026-11-30 12:00", None, "2026-11-30T22:30+01:00"),
        ([NIGHT], "2026-11-30 06:59:59", "2026-11-30T07:00+01:00", "2026-11-30T07:00+01:00"),
        ([NIGHT], "2026-11-30 07:00", None, "2026-11-30T22:30+01:00"),
        # What touches or overlaps is one.
        (
            [NIGHT, {"from": "07:00", "to": "08:00"}, {"from": "07:30", "to": "09:00"}],
            "2026-11-29 23:00",
            "2026-11-30T09:00+01:00",
            "2026-11-30T09:00+01:00",
        ),
        (
            [NIGHT, WEEKEND],
            "2026-12-04 22:30",
            "2026-12-07T07:00+01:00",
            "2026-12-07T07:00+01:00",
        ),
        # All week.
        ([ALL_DAY], "2026-11-30 12:00", "2026-12-07T12:00+01:00", None),
        ([WEEKDAYS, WEEKEND], "2026-11-30 12:00", "2026-12-07T12:00+01:00", None),
        ([ALL_DAY], "2026-10-24 12:00", "2026-10-31T11:00+01:00", None),
        # The hour that is left out, and the one that comes twice.
        ([LEFT_OUT], "2026-03-28 12:00", None, "2026-04-05T02:15+02:00"),
        ([LEFT_OUT], "2026-03-22 02:45", None, "2026-04-05T02:15+02:00"),
        (BUT_FOR_IT, "2026-03-22 02:45", "2026-03-29T03:45+02:00", "2026-04-05T02:15+02:00"),
        ([NIGHT], "2026-03-29 00:00", "2026-03-29T07:00+02:00", "2026-03-29T07:00+02:00"),
        ([LEFT_OUT], "2026-10-25 02:30", "2026-10-25T02:45+02:00", "2026-10-25T02:45+02:00"),
        ([LEFT_OUT], "2026-10-25 02:50", None, "2026-10-25T02:15+01:00"),
        (
            [{"from": "02:15", "to": "03:30"}],
            "2026-10-25 02:20",
            "2026-10-25T02:00+01:00",
            "2026-10-25T02:00+01:00",
        ),
        (
            [{"from": "02:30", "to": "04:00"}],
            "2026-03-29 01:59",
            None,
            "2026-03-29T03:00+02:00",
        ),
    ],
)
def test_quiet_begins_and_ends(
    values: list[dict[str, object]], now: str, until: str | None, change: str | None
) -> None:
    hours = from_values(values)
    found = [hours.until(wall(now)), hours.next_change(wall(now))]
    assert [it and it.isoformat(timespec="minutes") for it in found] == [until, change]


def test_the_second_time_is_known_by_its_fold() -> None:
    until = from_values([LEFT_OUT]).until(wall("2026-10-25 02:30", fold=1))
    assert until is not None
    assert until.isoformat() == "2026-10-25T02:45:00+01:00"


def test_values_become_windows() -> None:
    assert from_values([NIGHT, {**WEEKEND, "from": None, "to": None}]) == QuietHours(
        (Hours(EVERY_DAY, 1350, 420), Hours(frozenset({5, 6})))
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (NIGHT, "must be a list of entries of days, from and to"),
        ([NIGHT, 5], "at entry 2: must be a table of days, from and to"),
        ([NIGHT, {}], 'at entry 2: says nothing; write when, such as from "22:30" to "07:00"'),
        ([{"until": "07:00"}], "at entry 1: until means nothing there; there is days, from and to"),
        ([{"form": "07:00"}], "at entry 1: form means nothing there; did you mean from?"),
        ([{**NIGHT, "to": 420}], "at entry 1: to must be a time between quotes, such as"),
    ],
)
def test_what_is_wrong_is_told_by_entry_and_key(values: object, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        from_values(values)
    assert str(caught.value).startswith(sentence)
