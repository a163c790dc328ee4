"""A screen without a pack, or with settings that its pack has not, ends a run before it begins."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.packs import pack
from inkstand.packs.chosen import shipped
from inkstand.playlist.playlist import BUILT_IN
from tests.plugins.test_check_settings import GOOD
from virtual_pi import testing

if TYPE_CHECKING:
    from pathlib import Path

WEATHER = {"name": "forecast", "pack": "weather", "settings": {"latitude": 59, "longitude": 18}}
SECRET = "53cr3t"


def told(check_settings: Any, *screens: dict[str, Any]) -> list[str]:
    return list(check_settings.wrong_screens(list(screens), lambda name: shipped().get(name)))


@pytest.mark.unit
def test_the_packs_that_ship_are_those_of_the_app(check_settings: Any) -> None:
    assert sorted(check_settings.SHIPPED_PACKS.glob("*.toml")) == sorted(shipped().values())


@pytest.mark.unit
@pytest.mark.parametrize("name", shipped())
def test_what_each_pack_needs_is_what_the_app_says(check_settings: Any, name: str) -> None:
    read = pack.read(shipped()[name].read_text(encoding="utf-8"))
    needed = [f"lacks {key}, " for key, it in read.settings.items() if it.default is None]
    sentences = told(check_settings, {"name": "a", "pack": name})
    assert len(sentences) == len(needed)
    for sentence, lack in zip(sentences, needed, strict=True):
        assert sentence.startswith(f"app_screens, entry 1, {lack}")
    filled = dict.fromkeys(read.settings, "x")
    assert told(check_settings, {"name": "a", "pack": name, "settings": filled}) == []
    assert told(check_settings, {"name": "a", "pack": name, "example": True}) == []


@pytest.mark.unit
def test_what_is_wrong_is_said_and_no_value_of_it(check_settings: Any) -> None:
    entry = "app_screens, entry 2,"
    wrong = {**WEATHER, "settings": {"latitude": 59, "longtude": SECRET}}
    sentences = told(check_settings, WEATHER, wrong, {"name": "b", "pack": "wether"})
    assert sentences == [
        f"{entry} has longtude, which is no setting of weather. Did you mean longitude?",
        f"{entry} lacks longitude, which weather needs: Degrees east, such as 18.07.",
        "pack of app_screens, entry 3, is wether; there is no such pack. Did you mean weather?",
    ]


@pytest.mark.unit
@pytest.mark.parametrize("text", ["[", "settings = 1", "[settings]\na = 1"])
def test_a_file_that_is_no_pack_is_named(check_settings: Any, tmp_path: Path, text: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    screens = [{"name": "a", "pack": "own.toml"}]
    (sentence,) = check_settings.wrong_screens(screens, lambda _: file)
    assert sentence == (
        "own.toml, the pack of app_screens, entry 1, cannot be read; see "
        " inkstand packs check own.toml"
    )


@pytest.mark.unit
def test_the_built_in_screens_are_those_of_the_app(check_settings: Any) -> None:
    assert check_settings.BUILT_IN == BUILT_IN


@pytest.mark.unit
def test_a_playlist_names_the_clock_or_a_screen(check_settings: Any) -> None:
    names = ("clock", "clock-date", "forecast", "forcast")
    entries = [{"screen": name} for name in names]
    (sentence,) = check_settings.wrong_playlist(entries, [WEATHER])
    assert sentence == (
        "screen of app_playlist, entry 4, is forcast; app_screens has no such name."
        " Did you mean forecast?"
    )


@pytest.mark.integration
def test_a_run_ends_with_the_sentences_and_finds_a_file_beside_the_playbook(
    tmp_path: Path,
) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "meter.toml").write_text("[settings.host]\nabout = 'Its address'\n")
    screens = [
        {"name": "power", "pack": "packs/meter.toml", "settings": {"hots": SECRET}},
        {"name": "other", "pack": "packs/nowhere.toml"},
    ]
    role = {"name": "app", "tasks_from": "preflight"}
    tasks = [{"ansible.builtin.import_role": role}]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    settings = {**GOOD, "app_screens": screens, "app_playlist": [{"screen": "powr"}]}
    file = tmp_path / "play.yml"
    file.write_text(json.dumps([{**play, "vars": settings}]))
    done = testing.play(file, ANSIBLE_STRATEGY="linear")
    assert done.status != 0
    output = " ".join(done.output.split())
    for sentence in (
        "entry 1, has hots, which is no setting of packs/meter.toml. Did you mean host?",
        "app_screens, entry 1, lacks host, which packs/meter.toml needs: Its address.",
        "pack of app_screens, entry 2, is packs/nowhere.toml; there is no such file.",
        "screen of app_playlist, entry 1, is powr; app_screens has no such name.",
    ):
        assert sentence in output
    assert SECRET not in done.output
