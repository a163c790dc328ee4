"""The packs that ship: each is as it was when somebody looked at it, on every size of panel."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from inkstand.packs import example, pack
from inkstand.packs.chosen import shipped
from inkstand.packs.content import expression_problems, fill
from inkstand.packs.drawing import draw
from inkstand.packs.requests import Answer, requests, resolve, tells_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from PIL import Image

pytestmark = pytest.mark.unit

ZONE = ZoneInfo("Europe/Stockholm")
NAMES = sorted(shipped())
GOLDEN_SIZES = ((264, 176), (200, 96))
OTHER_SIZES = ((128, 96), (144, 128), (232, 128), (176, 264), (96, 200))


def read(name: str) -> tuple[pack.Pack, Path]:
    path = shipped()[name]
    return pack.read(pack.decode(path.read_bytes())), path.parent


def filled(it: pack.Pack, given: Mapping[str, object], answers: Mapping[str, Answer]) -> Any:
    return fill(it, resolve(it, given), answers, example.now(it, datetime.now(ZONE)))


def drawn(name: str, size: tuple[int, int]) -> Image.Image:
    it, folder = read(name)
    return draw(filled(it, it.example.settings, example.answers(it, folder)), size)


def test_they_are_there() -> None:
    wanted = {
        "bikes",
        "calendar",
        "countdown",
        "departures",
        "feed",
        "link",
        "number",
        "picture",
        "sun-moon",
        "text",
        "trmnl",
        "weather",
        "wifi",
    }
    assert wanted <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_says_what_it_is_and_is_right(name: str) -> None:
    it, _ = read(name)
    assert it.name == name
    assert it.about
    assert it.licence
    assert expression_problems(it, example.now(it, datetime.now(ZONE))) == []


@pytest.mark.parametrize("size", GOLDEN_SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_it_looks_as_when_it_was_looked_at(
    name: str, size: tuple[int, int], golden: Callable[[str, Image.Image], None]
) -> None:
    golden(f"pack_{name}_{size[0]}x{size[1]}", drawn(name, size))


@pytest.mark.parametrize("size", OTHER_SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_it_is_drawn_on_every_other_panel_upright_or_not(name: str, size: tuple[int, int]) -> None:
    ink = drawn(name, size).histogram()[0]
    assert 0.01 * size[0] * size[1] < ink < 0.6 * size[0] * size[1]


@pytest.mark.parametrize("name", NAMES)
def test_what_it_asks_for_is_in_its_example(name: str) -> None:
    it, folder = read(name)
    asked = requests(it, resolve(it, it.example.settings))
    assert {request.source for request in asked} == set(example.answers(it, folder))
    assert all(request.every >= timedelta(minutes=2) for request in asked)
    assert all(request.url.startswith(("http://", "https://")) for request in asked)


@pytest.mark.parametrize("name", NAMES)
def test_one_that_does_not_tell_the_time_says_the_same_at_any(name: str) -> None:
    it, folder = read(name)
    settings, answers = resolve(it, it.example.settings), example.answers(it, folder)
    now = example.now(it, datetime.now(ZONE))
    first, second = (
        fill(it, settings, answers, now + later) for later in (timedelta(), timedelta(days=40))
    )
    assert tells_time(it, settings) == (first != second)


def test_the_weather_is_asked_for_where_the_owner_is() -> None:
    it, _ = read("weather")
    (request,) = requests(it, resolve(it, {"latitude": "-33.9", "longitude": 18.4}))
    assert "latitude=-33.9&longitude=18.4&temperature_unit=celsius&" in request.url


def test_the_address_of_a_calendar_is_a_secret() -> None:
    it, _ = read("calendar")
    assert it.settings["address"].secret
    assert it.settings["second"].secret
    assert it.settings["address"].default is None


def test_a_password_with_marks_of_its_own_is_in_the_code_of_a_network() -> None:
    it, _ = read("wifi")
    box = filled(it, {"network": "a;b", "password": 'c"d'}, {})
    code = box.parts[0][1]
    assert code.text == 'WIFI:T:WPA;S:a\\;b;P:c\\"d;;'
    box = filled(it, {"network": "open"}, {})
    assert box.parts[0][1].text == "WIFI:T:nopass;S:open;;"


@pytest.mark.parametrize(
    ("day", "number", "words"),
    [
        ("2026-11-29", "1", "day until New Year"),
        ("2026-11-28", "0", "days until New Year"),
        ("2026-11-26", "2", "days since New Year"),
    ],
)
def test_a_countdown_goes_on_after_its_day(day: str, number: str, words: str) -> None:
    it, _ = read("countdown")
    box = filled(it, {"day": day, "event": "New Year"}, {})
    above, below = (part for _, part in box.parts)
    assert (above.text, below.text.strip()) == (number, words)


def test_any_number_in_csv_is_a_number() -> None:
    it, _ = read("number")
    given = {
        "address": "http://x/",
        "format": "csv",
        "value": "answer[-1].w",
        "history": "answer[].w",
    }
    answer = Answer(b"at,w\n1,2\n2,7.5\n")
    box = filled(it, given, {"answer": answer})
    assert (box.text, tuple(box.bars)) == ("8", (2.0, 7.5))


def test_stations_are_in_the_owners_order_and_unknown_ones_are_told() -> None:
    it, folder = read("bikes")
    given = {**it.example.settings, "stations": "Nowhere, Harbour"}
    box = filled(it, given, example.answers(it, folder))
    assert box.rows == (("Nowhere", "?", "?"), ("Harbour", "3", "17"))


def test_version_3_of_gbfs_has_names_in_languages_and_vehicles() -> None:
    it, _ = read("bikes")
    names = [{"text": "Harbour", "language": "en"}, {"text": "Hamnen", "language": "sv"}]
    state = {"station_id": "7", "num_vehicles_available": 0, "num_docks_available": 5}
    answers = {
        "information": {"data": {"stations": [{"station_id": "7", "name": names}]}},
        "status": {"data": {"stations": [state]}},
    }
    came = {name: Answer(json.dumps(data).encode()) for name, data in answers.items()}
    box = filled(it, {**it.example.settings, "stations": "Hamnen"}, came)
    assert box.rows == (("Hamnen", "0", "5"),)


def test_departures_name_lines_as_the_owner_does_and_tell_delays_in_minutes() -> None:
    it, folder = read("departures")
    given = {**it.example.settings, "stops": ["9022001=Harbour"], "lines": ["4100=Bus 41"]}
    box = filled(it, given, example.answers(it, folder))
    assert box.rows == (("14:07", "Bus 41", "Harbour", "+2"), ("14:22", "Bus 41", "Harbour", ""))
    assert filled(it, {**given, "lines": ""}, example.answers(it, folder)).rows[0][1] == "4100"


def test_two_calendars_are_one_list() -> None:
    it, folder = read("calendar")
    given = {**it.example.settings, "second": "https://calendar.example.com/work.ics"}
    answers = example.answers(it, folder)
    second = answers["first"].data or b""
    answers["other"] = Answer(second.replace(b"Dentist", b"Meeting"))
    box = filled(it, given, answers)
    titles = [title for title, _ in box.parts[2][1].rows]
    assert titles[2:4] == ["Dentist", "Meeting"]


def test_recorded_answers_are_small() -> None:
    it, folder = read("weather")
    assert json.loads(example.answers(it, folder)["forecast"].data or b"")["daily"]
    files = [path for path in folder.iterdir() if path.suffix != ".toml"]
    assert all(path.stat().st_size < 4096 for path in files)
