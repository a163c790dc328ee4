"""Settings that no page would send, and what a damaged file may hold."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.preferences.preferences import Preferences
from inkstand.preferences.table import NAME

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inkstand.config import Settings

pytestmark = pytest.mark.integration
Api = Any
GOOD = [{"name": "shopping", "pack": "text", "settings": {"text": "Milk"}}]


@pytest.mark.parametrize(
    "kept",
    [
        7,
        {"a": 1},
        [1],
        [{"name": "x"}],
        [{"name": "x", "pack": "text", "settings": 7}],
        [{"name": "x", "pack": "text\0/"}],
    ],
)
async def test_screens_that_nobody_can_read_are_told_of_and_can_be_chosen_anew(
    make_settings: Callable[..., Settings], tmp_path: Path, kept: object
) -> None:
    settings = make_settings(state_directory=tmp_path)
    async with Preferences(settings, lambda _: None):
        pass
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute("INSERT INTO setting VALUES ('screens', ?)", (json.dumps(kept),))
    async with Preferences(settings, lambda _: None) as preferences:
        assert (await preferences.told())[0].problem
        await preferences.change({"screens": GOOD})
        assert (await preferences.told())[0].value == GOOD


async def test_a_pack_whose_name_is_no_path_is_refused_with_a_sentence(api: Api) -> None:
    screens = [{"name": "x", "pack": "text\0/"}]
    for answer in (
        await api.put("/settings/screens", json={"value": screens}),
        await api.post("/packs/a%00%2F/preview", json={"settings": {}}),
    ):
        assert answer.status == 422
        assert "cannot be seen" in (await answer.json())["detail"]


@pytest.mark.parametrize(
    ("pack", "settings", "sentence"),
    [
        ("weather", {"latitude": 10**400, "longitude": 18}, "has to be a number"),
        ("text", {"text": "half of a character: \ud83d"}, "has to be a text"),
    ],
)
async def test_a_value_that_no_pack_can_use_is_refused_with_a_sentence(
    api: Api, pack: str, settings: dict[str, object], sentence: str
) -> None:
    screens = [{"name": "x", "pack": pack, "settings": settings}]
    for answer in (
        await api.put("/settings/screens", json={"value": screens}),
        await api.post(f"/packs/{pack}/preview", json={"settings": settings}),
    ):
        assert answer.status == 422
        assert sentence in (await answer.json())["detail"]
