"""Sun and moon are what others have published."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from inkstand.errors import PackError
from inkstand.packs import pack
from inkstand.packs.content import fill
from inkstand.packs.requests import requests, resolve
from inkstand.packs.sky import read_sky

pytestmark = pytest.mark.unit

CET = timezone(timedelta(hours=1))
TROMSO = "69.5,19.0"
SUNDSVALL = "62.392,17.290"
REYKJAVIK = "64.147,-21.94"
# Minutes of an hour by which tables differ that are worked out by other formulas.
NEAR = 2
# Moon Phases for 2013 (GMT), by Fred Espenak, astropixels.com.
PHASES_OF_2013 = {
    "New moon": "01-11 19:44, 02-10 07:20, 04-10 09:35, 06-08 15:56, 09-05 11:36, 11-03 12:50",
    "First quarter": "01-18 23:45, 02-17 20:31, 04-18 12:31, 06-16 17:24, 09-12 17:08, 11-10 05:57",
    "Full moon": "01-27 04:38, 02-25 20:26, 04-25 19:57, 06-23 11:32, 09-19 11:13, 11-17 15:16",
    "Last quarter": "02-03 13:56, 03-04 21:53, 05-02 11:14, 06-30 04:54, 09-27 03:56, 11-25 19:28",
}


def on(place: str, year: int, month: int, day: int, zone: timezone = CET) -> dict[str, Any]:
    return read_sky(place, datetime(year, month, day, 12, tzinfo=zone))


@pytest.mark.parametrize(
    ("place", "day", "zone", "rise", "down"),
    [
        # Upp/nedgångar 2001 i Sundsvall, by Paul Schlyter, stjarnhimlen.se.
        (SUNDSVALL, (2001, 1, 1), CET, time(9, 18), time(14, 31)),
        (SUNDSVALL, (2001, 1, 15), CET, time(8, 59), time(15, 2)),
        # Sun and Moon Data for One Day, U.S. Naval Observatory.
        (TROMSO, (2014, 4, 1), CET, time(4, 50), time(18, 49)),
        (TROMSO, (2014, 4, 30), CET, time(2, 29), time(20, 58)),
        # Almanak Háskóla Íslands, as told on 21 December 2004.
        (REYKJAVIK, (2004, 12, 21), UTC, time(11, 22), time(15, 30)),
    ],
)
def test_the_sun_rises_and_sets_as_published(
    place: str, day: tuple[int, int, int], zone: timezone, rise: time, down: time
) -> None:
    found = on(place, *day, zone)
    for name, at in (("sunrise", rise), ("sunset", down)):
        published = datetime.combine(date(*day), at, zone)
        assert abs(datetime.fromisoformat(found[name]) - published) <= timedelta(minutes=NEAR)


@pytest.mark.parametrize(
    ("place", "day", "minutes"),
    [
        # Dagens lengde i London i 2024, i Berlin i 2025, stjerneskinn.com.
        ("51.507,-0.128", (2024, 1, 1), 7 * 60 + 55),
        ("52.52,13.40", (2025, 1, 31), 9 * 60 + 2),
        (TROMSO, (2014, 6, 21), 24 * 60),
        (TROMSO, (2014, 12, 21), 0),
    ],
)
def test_a_day_is_as_long_as_published(place: str, day: tuple[int, int, int], minutes: int) -> None:
    assert abs(int(on(place, *day)["day_minutes"]) - minutes) <= NEAR


def test_without_a_sunrise_there_is_none() -> None:
    found = on(TROMSO, 2014, 6, 21)
    assert (found["sunrise"], found["sunset"], found["dusk"]) == (None, None, None)


def test_times_are_in_the_zone_of_the_owner() -> None:
    now = datetime(2026, 6, 21, 23, 30, tzinfo=ZoneInfo("Australia/Sydney"))
    rise = read_sky("-33.87,151.21", now)["sunrise"]
    # Sydney is ten hours ahead, so that its sun rises on the day before in UTC.
    assert rise.startswith("2026-06-21T07:0")
    assert rise.endswith("+10:00")


@pytest.mark.parametrize("phase", PHASES_OF_2013)
def test_the_moon_is_as_published(phase: str) -> None:
    for text in PHASES_OF_2013[phase].split(", "):
        published = datetime.fromisoformat(f"2013-{text}+00:00")
        before = read_sky("0,0", published - timedelta(days=2))["moon"]["next"][0]
        assert before["phase"] == phase
        assert abs(datetime.fromisoformat(before["at"]) - published) <= timedelta(hours=3)
        at_it = read_sky("0,0", published)["moon"]
        assert at_it["phase"] == phase


@pytest.mark.parametrize(
    ("at", "place", "symbol", "lit"),
    [
        ("2013-01-27T04:38", "0,0", "🌕", 100),
        ("2013-02-10T07:20", "0,0", "🌑", 0),
        ("2013-02-17T20:31", "10,0", "🌓", 50),
        ("2013-02-17T20:31", "-10,0", "🌗", 50),
    ],
)
def test_the_moon_looks_as_it_does_there(at: str, place: str, symbol: str, lit: int) -> None:
    moon = read_sky(place, datetime.fromisoformat(at).replace(tzinfo=UTC))["moon"]
    assert moon["symbol"] == symbol
    assert abs(moon["lit"] - lit) <= 3


@pytest.mark.parametrize("place", ["", "59", "59,18,3", "91,0", "0,181", "nan,0", "a,b", "inf,0"])
def test_what_is_no_place_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match="a place is degrees north and east"):
        read_sky(place, datetime(2026, 1, 1, tzinfo=UTC))


SKY = """
[pack]
name = "sky"
[settings.east]
about = "Degrees east"
type = "number"
[sources.sky]
format = "sky"
at = "59.3,{east}"
[layout]
kind = "text"
text = "{{ sky.sunrise | time }}"
"""


def test_nobody_is_asked_for_it() -> None:
    read = pack.read(SKY)
    settings = resolve(read, {"east": "18"})
    assert requests(read, settings) == ()
    box = fill(read, settings, {}, datetime(2026, 6, 21, 12, tzinfo=CET))
    assert box.text == "02:32"  # type: ignore[union-attr]
    with pytest.raises(
        PackError, match="line 7: The answer of sky can not be read as sky: a place"
    ):
        fill(read, resolve(read, {"east": 200}), {}, datetime(2026, 6, 21, 12, tzinfo=CET))


@pytest.mark.parametrize(
    ("was", "becomes", "sentence"),
    [
        ('at = "59.3,{east}"', "", "line 7: sources.sky needs at, a text"),
        ("{east}", "{est}", "line 9: sources.sky.at has {est}, which is no setting; did you mean"),
        ('"sky"\nat', '"sky"\nurl = "http://x/"\nat', "line 9: sources.sky.url is not known"),
        ('"sky"\nat', '"json"\nat', "line 9: sources.sky.at is not known"),
    ],
)
def test_what_is_wrong_with_it_is_told(was: str, becomes: str, sentence: str) -> None:
    told = [str(error) for error in pack.problems(SKY.replace(was, becomes, 1))]
    assert any(line.startswith(sentence) for line in told), told
