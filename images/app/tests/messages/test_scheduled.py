"""What comes later, over a simulated year, against one that looks at each day."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from images.app.tests.repeat_oracle import walk
from inkstand.messages import Draft
from inkstand.messages.scheduled import Scheduled, accept, come, skip, upcoming

pytestmark = pytest.mark.unit
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
RULES = (
    {"FREQ": "DAILY"},
    {"FREQ": "DAILY", "COUNT": "20"},
    {"FREQ": "WEEKLY", "BYDAY": "MO,TU,WE,TH,FR"},
    {"FREQ": "WEEKLY", "INTERVAL": "2", "BYDAY": "TU"},
    {"FREQ": "MONTHLY", "BYMONTHDAY": "-1"},
    {"FREQ": "MONTHLY", "BYDAY": "-1FR", "UNTIL": "20270901T120000Z"},
)
ZONES = ("Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")


def scheduled(parts: dict[str, str], start: datetime, zone: ZoneInfo) -> Scheduled:
    rule = ";".join(f"{name}={value}" for name, value in parts.items())
    draft = Draft(author="ada", text="Bins", show_at=start, repeat=rule)
    return accept(draft, number=1, at=start - timedelta(days=1), zone=zone)


@pytest.mark.parametrize("zone", map(ZoneInfo, ZONES), ids=str)
def test_each_time_comes_once_and_of_those_missed_the_last(zone: ZoneInfo) -> None:
    chance = random.Random(str(zone))
    for _ in range(20):
        parts = chance.choice(RULES)
        start = NEW_YEAR + timedelta(minutes=chance.randrange(60 * 1440))
        times = list(walk(parts, start, zone, NEW_YEAR + 2 * YEAR))
        left: Scheduled | None = scheduled(parts, start, zone)
        now = NEW_YEAR
        while left is not None and now < NEW_YEAR + YEAR:
            assert list(upcoming(left, zone)) == times[:5]
            if chance.random() < 0.02:
                moment = chance.choice(times[:5])
                times.remove(moment)
                left = skip(left, moment, zone)
            now += timedelta(hours=chance.choice((1, 5, 24, 24, 24, 24 * 9)))
            missed = [at for at in times if at <= now]
            if left is None or not missed:
                continue
            last, left = come(left, now, zone)
            assert last == missed[-1]
            times = times[len(missed) :]
        assert left is not None or not times
