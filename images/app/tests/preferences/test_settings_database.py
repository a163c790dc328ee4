"""Settings as a file on a disk: what is there after a restart, and what when it is damaged."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.errors import InvalidValueError, ProvisionedError, StorageUnavailableError
from inkstand.playlist.quiet import from_values as quiet_hours
from inkstand.preferences.preferences import Preferences
from inkstand.preferences.table import NAME
from inkstand.storage import damage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inkstand.config import Settings

pytestmark = pytest.mark.integration
SCREENS = [{"name": "shopping", "pack": "text", "settings": {"text": "Milk"}}]
PLAYLIST = [{"screen": "shopping"}]


@pytest.fixture
def preferences(make_settings: Callable[..., Settings], tmp_path: Path) -> Callable[..., Any]:
    def make(followed: list[Settings] | None = None, **said: Any) -> Preferences:
        settings = make_settings(state_directory=tmp_path, **said)
        return Preferences(settings, (followed if followed is not None else []).append)

    return make


async def values(preferences: Preferences) -> dict[str, Any]:
    return {told.name: told.value for told in await preferences.told()}


async def test_what_was_chosen_is_followed_at_once_and_after_a_restart(
    preferences: Callable[..., Any],
) -> None:
    followed: list[Settings] = []
    async with preferences(followed) as kept:
        await kept.change({"screens": SCREENS, "playlist": PLAYLIST})
        await kept.change({"quiet_screen": "blank"})
    async with preferences(followed) as kept:
        told = await values(kept)
    assert (told["screens"], told["playlist"]) == (SCREENS, PLAYLIST)
    assert [each.quiet_screen for each in followed] == ["until", "until", "blank", "blank"]
    assert [len(each.playlist.entries) for each in followed] == [0, 1, 1, 1]


async def test_nothing_is_changed_by_what_is_refused(preferences: Callable[..., Any]) -> None:
    followed: list[Settings] = []
    async with preferences(followed) as kept:
        with pytest.raises(InvalidValueError, match="there is no screen shopping"):
            await kept.change({"quiet_screen": "blank", "playlist": PLAYLIST})
        assert len(followed) == 1
    async with preferences() as kept:
        assert (await values(kept))["quiet_screen"] == "until"


async def test_a_screen_that_the_playlist_names_stays(preferences: Callable[..., Any]) -> None:
    async with preferences() as kept:
        await kept.change({"screens": SCREENS, "playlist": PLAYLIST})
        with pytest.raises(InvalidValueError, match="playlist at entry 1: there is no screen shop"):
            await kept.change({"screens": None})
        await kept.change({"screens": None, "playlist": None})
        assert (await values(kept))["screens"] == []


async def test_what_is_provisioned_is_left_alone_and_what_was_kept_comes_back(
    preferences: Callable[..., Any],
) -> None:
    night = quiet_hours([{"days": "mon"}])
    async with preferences() as kept:
        await kept.change({"quiet_hours": [{"days": "sun"}]})
    async with preferences(quiet_hours=night) as kept:
        with pytest.raises(ProvisionedError, match="change app_quiet_hours in host_vars"):
            await kept.change({"quiet_hours": []})
        assert (await values(kept))["quiet_hours"] == [{"days": "mon"}]
    async with preferences() as kept:
        assert (await values(kept))["quiet_hours"] == [{"days": "sun"}]


async def test_what_fits_no_longer_is_not_used_and_can_be_mended(
    preferences: Callable[..., Any],
) -> None:
    followed: list[Settings] = []
    async with preferences() as kept:
        await kept.change({"screens": SCREENS, "playlist": PLAYLIST})
    other = {"notes": {"name": "notes", "pack": "text", "settings": {"text": "x"}}}
    async with preferences(followed, screens=other) as kept:
        told = {each.name: each for each in await kept.told()}
        assert (told["playlist"].value, told["screens"].provisioned) == (PLAYLIST, True)
        assert told["playlist"].problem.startswith("playlist at entry 1: there is no screen shop")
        assert not followed[-1].playlist.entries
        await kept.change({"quiet_screen": "last"})
        assert followed[-1].quiet_screen == "last"
        await kept.change({"playlist": [{"screen": "notes"}]})
        assert [each.problem for each in await kept.told()] == [None] * 4


async def test_a_damaged_file_is_set_aside_and_told(
    preferences: Callable[..., Any], tmp_path: Path
) -> None:
    async with preferences() as kept:
        await kept.change({"quiet_screen": "blank"})
    (tmp_path / NAME).write_bytes(b"not a database" * 100)
    async with preferences() as kept:
        assert (await values(kept))["quiet_screen"] == "until"
    (notice,) = damage.notices(tmp_path).values()
    assert notice.startswith("The settings were damaged (file is not a database).")


async def test_a_value_that_is_no_json_is_damage(
    preferences: Callable[..., Any], tmp_path: Path
) -> None:
    async with preferences() as kept:
        await kept.change({"quiet_screen": "blank"})
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute("UPDATE setting SET value = '{'")
    async with preferences() as kept:
        assert (await values(kept))["quiet_screen"] == "until"
    assert len(damage.notices(tmp_path)) == 1


async def test_a_row_of_another_release_is_left_alone(
    preferences: Callable[..., Any], tmp_path: Path
) -> None:
    async with preferences() as kept:
        await kept.change({"quiet_screen": "blank"})
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute("INSERT INTO setting VALUES ('language', '\"sv\"')")
    async with preferences() as kept:
        await kept.change({"quiet_screen": "last"})
    with closing(sqlite3.connect(tmp_path / NAME)) as connection:
        rows = dict(connection.execute("SELECT * FROM setting"))
    assert rows == {"language": '"sv"', "quiet_screen": '"last"'}


async def test_a_database_of_a_newer_inkstand_is_left_alone(
    preferences: Callable[..., Any], tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / NAME)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageUnavailableError, match="newer Inkstand"):
        await preferences().__aenter__()
