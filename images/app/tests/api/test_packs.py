"""The packs that ship over HTTP: what they ask for, and how one would look."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from PIL import Image

from inkstand.accounts.model import Scope
from inkstand.api.packs import PackSetting
from inkstand.language import ENGLISH, language_of
from inkstand.packs import offered
from inkstand.packs.chosen import shipped
from inkstand.packs.pack import SettingType

pytestmark = pytest.mark.integration
Api = Any


async def test_all_that_ship_are_told_with_what_they_ask_for(api: Api) -> None:
    told = (await (await api.get("/packs")).json())["packs"]
    assert [pack["name"] for pack in told] == list(shipped())
    by_name = {pack["name"]: pack for pack in told}
    assert [by_name[name]["asks"] for name in ("weather", "text")] == [True, False]
    units = {each["name"]: each for each in by_name["weather"]["settings"]}["units"]
    assert units == {
        "name": "units",
        "about": "Degrees",
        "type": "choice",
        "default": "celsius",
        "choices": ["celsius", "fahrenheit"],
        "secret": False,
    }
    address = by_name["calendar"]["settings"][0]
    assert (address["default"], address["secret"]) == (None, True)


def test_each_type_of_a_setting_is_documented() -> None:
    assert set(get_args(PackSetting.__annotations__["type"])) == set(SettingType)


async def test_a_preview_has_the_size_of_the_panel_and_shows_what_was_filled_in(api: Api) -> None:
    pictures = []
    for text in ("Milk", "Bread"):
        answer = await api.post("/packs/text/preview", json={"settings": {"text": text}})
        assert (answer.status, answer.content_type) == (200, "image/png")
        pictures.append(await answer.read())
    assert [Image.open(io.BytesIO(each)).size for each in pictures] == [(264, 176)] * 2
    assert pictures[0] != pictures[1]
    assert api.site.system.preview_renderer.visitors == 0


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        ("wether", {}, "screens: wether: there is no pack wether; did you mean weather?"),
        ("weather.toml", {"units": "kelvin"}, "units can not be that"),
        ("weather", {"latitude": "north"}, "screens: weather: latitude has to be a number"),
        ("weather", [], "settings has to be an object"),
    ],
)
async def test_what_is_wrong_is_said(api: Api, name: str, settings: object, sentence: str) -> None:
    answer = await api.post(f"/packs/{name}/preview", json={"settings": settings})
    assert answer.status == 422
    assert sentence in (await answer.json())["detail"]


async def test_only_who_administers_may_ask(api: Api) -> None:
    issued = await api.site.system.accounts.create("kitchen", Scope.POST, None)
    headers = {"Authorization": f"Bearer {issued.token}"}
    assert (await api.get("/packs", headers=headers)).status == 403
    assert (await api.post("/packs/text/preview", headers=headers, json={})).status == 403


async def test_a_preview_is_in_the_language_of_the_glass() -> None:
    now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    english, german = [
        await offered.preview("sun-moon", {}, (264, 176), now, language)
        for language in (ENGLISH, language_of("de"))
    ]
    assert english.problem == german.problem == ""
    assert english.png != german.png
