"""What may be chosen, what wins, and what becomes of secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from inkstand import config
from inkstand.errors import InvalidValueError
from inkstand.playlist import playlist, quiet
from inkstand.preferences import model
from inkstand.preferences.model import KEPT_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inkstand.config import Settings

pytestmark = pytest.mark.unit
SHOPPING = {"name": "shopping", "pack": "text", "settings": {"text": "Milk"}}
CALENDAR = {
    "name": "family",
    "pack": "calendar",
    "settings": {"address": "https://a.example/1.ics"},
}
NIGHT = [{"days": "daily", "from": "22:30", "to": "07:00"}]
ENTRIES = [{"screen": "shopping", "minutes": 5}, {"screen": "clock", "days": "mon,tue"}]
GOOD = {
    "screens": [SHOPPING],
    "playlist": ENTRIES,
    "quiet_hours": NIGHT,
    "quiet_screen": "blank",
}


@pytest.fixture
def given(make_settings: Callable[..., Settings], tmp_path: Path) -> Callable[..., Settings]:
    def make(**said: Any) -> Settings:
        parsed = {name: config.parse(name, value) for name, value in said.items()}
        return make_settings(**parsed, packs_directory=tmp_path)

    return make


def test_what_may_be_changed_is_a_setting_of_the_app_with_a_default() -> None:
    assert set(model.NAMES) <= set(config.names())
    assert [model.to_json(name, config.default(name)) for name in model.NAMES] == [
        [],
        [],
        [],
        "until",
    ]


@pytest.mark.parametrize("name", model.NAMES)
def test_a_value_comes_back_as_it_was_sent(name: str) -> None:
    assert model.to_json(name, model.check(name, GOOD[name])) == GOOD[name]


@pytest.mark.parametrize(
    ("days", "written"),
    [("daily", "daily"), ("Fri - mon", "mon,fri,sat,sun"), ("sat", "sat")],
)
@pytest.mark.parametrize(
    ("times", "told"),
    [
        ({}, {}),
        ({"from": "7:05", "to": "24:00"}, {"from": "07:05", "to": "00:00"}),
        ({"from": "00:00", "to": "24:00"}, {}),
    ],
)
def test_hours_are_written_in_one_form_that_means_the_same(
    days: str, written: str, times: dict[str, str], told: dict[str, str]
) -> None:
    read = quiet.from_values([{"days": days, **times}])
    assert quiet.to_values(read) == [{"days": written, **told}]
    assert quiet.from_values(quiet.to_values(read)) == read
    entry = playlist.from_values([{"screen": "clock", "days": days, **times}])
    assert playlist.from_values(playlist.to_values(entry)) == entry


@pytest.mark.parametrize("name", model.NAMES)
def test_what_the_file_says_wins_and_is_provisioned(
    given: Callable[..., Settings], name: str
) -> None:
    said = {"screens": [SHOPPING], name: GOOD[name]}
    settings = given(**said)
    other = {**GOOD, "screens": [], "playlist": [], "quiet_hours": [], "quiet_screen": "last"}
    chosen, problems = model.choose(settings, {name: other[name]})
    assert model.provisioned(settings) == set(said)
    assert (chosen, problems) == (settings, {})


def test_what_is_kept_counts_where_the_file_says_nothing(given: Callable[..., Settings]) -> None:
    chosen, problems = model.choose(given(), GOOD)
    assert problems == {}
    assert {name: model.to_json(name, getattr(chosen, name)) for name in GOOD} == GOOD


def test_a_playlist_may_name_the_screens_of_the_file_and_no_others(
    given: Callable[..., Settings],
) -> None:
    other = {**SHOPPING, "name": "notes"}
    chosen, problems = model.choose(given(screens=[other]), GOOD)
    assert problems == {
        "playlist": "playlist at entry 1: there is no screen shopping; "
        "there is clock, clock-date and notes"
    }
    assert not chosen.playlist.entries
    assert model.to_json("quiet_hours", chosen.quiet_hours) == NIGHT


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("screens", "[]", "screens must be a list"),
        ("screens", {}, "screens must be a list of entries of name, pack"),
        ("screens", [{"name": "a"}], "screens at entry 1: pack must be the name of one"),
        ("screens", [{**SHOPPING, "name": "clock"}], "screens at entry 1: name must be small"),
        ("playlist", [{"screen": "clock", "minutes": 0}], "playlist at entry 1: minutes must be"),
        ("quiet_hours", [{"from": "25:00", "to": "1:00"}], "quiet_hours at entry 1: from must"),
        ("quiet_hours", [{}], "quiet_hours at entry 1: says nothing"),
        ("quiet_screen", "black", "quiet_screen must be one of until, last, blank, not 'black'"),
        ("quiet_screen", [], "quiet_screen must be one of until, last, blank"),
    ],
)
def test_what_is_wrong_is_said(name: str, value: object, sentence: str) -> None:
    with pytest.raises(InvalidValueError, match=f"^{sentence}"):
        model.check(name, value)


@pytest.mark.parametrize(
    ("screen", "problem"),
    [
        ({**SHOPPING, "pack": "txt"}, "screens: shopping: there is no pack txt; did you mean text"),
        ({**SHOPPING, "settings": {"words": "x"}}, "screens: shopping: words is no setting of tex"),
        ({"name": "w", "pack": "weather"}, "screens: w: latitude is not set: Degrees north"),
        ({"name": "own", "pack": "own.toml"}, "screens: own: cannot read .*own.toml: No such file"),
    ],
)
def test_a_screen_is_judged_by_its_pack(
    given: Callable[..., Settings], screen: dict[str, Any], problem: str
) -> None:
    chosen, problems = model.choose(given(), {"screens": [screen]})
    assert chosen.screens == {}
    with pytest.raises(AssertionError, match=problem):
        assert problems == {}, problems["screens"]


def test_a_secret_is_told_to_nobody(tmp_path: Path) -> None:
    (hidden,) = model.without_secrets([CALENDAR], tmp_path)
    assert hidden == {**CALENDAR, "settings": {"address": KEPT_SECRET}}
    assert model.without_secrets([SHOPPING, {"name": "a", "pack": "text"}], tmp_path) == [
        SHOPPING,
        {"name": "a", "pack": "text"},
    ]


def test_of_a_pack_that_nobody_can_read_everything_is_secret(tmp_path: Path) -> None:
    screen = {"name": "own", "pack": "own.toml", "settings": {"place": "Home", "key": ""}}
    (hidden,) = model.without_secrets([screen], tmp_path)
    assert hidden["settings"] == {"place": KEPT_SECRET, "key": ""}


def test_who_sends_the_mark_back_keeps_the_secret(tmp_path: Path) -> None:
    hidden = model.without_secrets([CALENDAR, SHOPPING], tmp_path)
    assert model.with_secrets(hidden, [SHOPPING, CALENDAR]) == [CALENDAR, SHOPPING]


@pytest.mark.parametrize(
    "before", [[], [{**CALENDAR, "name": "work"}], [{**CALENDAR, "pack": "feed"}]]
)
def test_a_mark_of_a_secret_that_is_not_there_is_refused(before: list[dict[str, Any]]) -> None:
    sent = {**CALENDAR, "settings": {"address": KEPT_SECRET}}
    with pytest.raises(InvalidValueError, match="screens: family: address is not known here"):
        model.with_secrets([sent], before)
