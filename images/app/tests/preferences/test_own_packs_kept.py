"""The owner's own packs on a disk: after a restart, of another release, and their secrets."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from images.app.tests.packs.power import POWER
from inkstand.errors import (
    InvalidValueError,
    NameTakenError,
    PackError,
    PackNotFoundError,
    PacksError,
)
from inkstand.packs import chosen
from inkstand.preferences import packs, table
from inkstand.preferences.model import KEPT_SECRET
from inkstand.preferences.preferences import Preferences

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inkstand.config import Settings

pytestmark = pytest.mark.integration
NOTE = '[pack]\nname = "note"\n[layout]\nkind = "text"\ntext = "Milk"\n'
NEEDS_MORE = NOTE.replace("[layout]", '[settings.text]\nabout = "Text"\n[layout]')
SCREENS: list[dict[str, Any]] = [
    {"name": "kitchen", "pack": "note"},
    {"name": "other", "pack": "text", "example": True},
]
KEYED = """\
[pack]
name = "keyed"
[settings.key]
about = "Key"
type = "secret"
[settings.server]
about = "Server"
type = "url"
default = "https://a.example"
[sources.data]
url = "{server}/?key={key}"
[sources.other]
url = "https://b.example/"
[layout]
kind = "text"
text = "x"
"""
KEY = {"name": "meter", "pack": "keyed", "settings": {"key": "abc"}}


@pytest.fixture
def preferences(make_settings: Callable[..., Settings], tmp_path: Path) -> Callable[..., Any]:
    def make(**said: Any) -> Preferences:
        settings = make_settings(
            state_directory=tmp_path, packs_directory=tmp_path / "provisioned", **said
        )
        return Preferences(settings, lambda _: None)

    return make


def write(tmp_path: Path, toml: str) -> None:
    with closing(sqlite3.connect(tmp_path / table.NAME)) as connection, connection:
        connection.execute("UPDATE pack SET toml = ?", (toml,))


def shown(kept: Preferences) -> list[tuple[str, str]]:
    """Return each screen, and what it says instead of what it shows."""
    settings = kept.settings
    read = chosen.read_shown(settings.screens, settings.packs_directory, kept.shown_packs)
    return [(each.name, each.problem) for each in read]


async def test_what_was_added_is_there_after_a_restart(preferences: Callable[..., Any]) -> None:
    async with preferences() as kept:
        assert await kept.keep_pack(NOTE) == ("note", [])
        await kept.change({"screens": SCREENS})
    async with preferences() as kept:
        assert kept.packs == {"note": NOTE}
        assert shown(kept) == [("kitchen", ""), ("other", "")]
        with pytest.raises(PacksError, match="note is shown by kitchen; remove that screen first"):
            await kept.remove_pack("note")
        await kept.change({"screens": None})
        await kept.remove_pack("note")
    async with preferences() as kept:
        assert kept.packs == {}
        with pytest.raises(PackNotFoundError):
            await kept.remove_pack("note")


@pytest.mark.parametrize("wrong", [NOTE.replace("kind", "knd"), "[[[", "a\ufffd"])
async def test_one_that_is_taken_no_longer_says_so_on_its_screen_and_the_rest_goes_on(
    preferences: Callable[..., Any], tmp_path: Path, wrong: str
) -> None:
    async with preferences() as kept:
        await kept.keep_pack(NOTE)
        await kept.change({"screens": SCREENS})
    write(tmp_path, wrong)
    async with preferences() as kept:
        assert [each.problem for each in await kept.told()] == [None] * 4
        (kitchen, problem), other = shown(kept)
        assert (kitchen, other) == ("kitchen", ("other", ""))
        assert problem
        await kept.change({"screens": [SCREENS[0], {**SCREENS[1], "settings": {"text": "x"}}]})
        await kept.keep_pack(NOTE)
        assert shown(kept)[0] == ("kitchen", "")


async def test_a_screen_lacks_what_a_new_version_of_its_pack_asks_for_until_it_is_filled_in(
    preferences: Callable[..., Any],
) -> None:
    async with preferences() as kept:
        await kept.keep_pack(NOTE)
        await kept.change({"screens": SCREENS})
        await kept.keep_pack(NEEDS_MORE)
        assert shown(kept)[0] == ("kitchen", "text is not set: Text")
        with pytest.raises(InvalidValueError, match="screens: kitchen: txt is no setting of note"):
            await kept.change({"screens": [{**SCREENS[0], "settings": {"txt": "x"}}]})
        await kept.change({"screens": [{**SCREENS[0], "settings": {"text": "x"}}]})
        assert shown(kept) == [("kitchen", "")]


async def test_the_release_before_finds_what_it_knows_and_leaves_the_rest(
    preferences: Callable[..., Any], tmp_path: Path
) -> None:
    async with preferences() as kept:
        await kept.keep_pack(NOTE)
        await kept.change({"quiet_screen": "blank"})
    with closing(sqlite3.connect(tmp_path / table.NAME)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT * FROM setting").fetchall() == [
            ("quiet_screen", '"blank"')
        ]


async def test_a_file_of_the_release_before_is_no_damage(
    preferences: Callable[..., Any], tmp_path: Path
) -> None:
    async with preferences() as kept:
        await kept.change({"quiet_screen": "blank"})
    with closing(sqlite3.connect(tmp_path / table.NAME)) as connection:
        connection.execute("DROP TABLE pack")
    async with preferences() as kept:
        assert kept.settings.quiet_screen == "blank"
        await kept.keep_pack(NOTE)


async def test_a_name_that_ships_or_is_provisioned_is_not_taken(
    preferences: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "provisioned"
    folder.mkdir()
    (folder / "meter.toml").write_text(POWER)
    (folder / "damaged.toml").write_bytes(b"\xff")
    async with preferences() as kept:
        for name, sentence in (
            ("weather", "weather is a pack that ships; give yours another name"),
            ("power", "power was deployed by host_vars; change it there"),
            ("meter", "meter was deployed by host_vars"),
        ):
            with pytest.raises(NameTakenError, match=sentence):
                await kept.keep_pack(NOTE.replace("note", name))
        with pytest.raises(PackError):
            await kept.keep_pack("[pack]")
        assert kept.packs == {}


async def test_there_are_so_many_and_no_more(
    preferences: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert packs.MOST == 20
    monkeypatch.setattr(packs, "MOST", 2)
    async with preferences() as kept:
        for name in ("a", "b"):
            await kept.keep_pack(NOTE.replace("note", name))
        with pytest.raises(PacksError, match="There are 2 packs of your own"):
            await kept.keep_pack(NOTE)
        await kept.keep_pack(NOTE.replace("note", "a").replace("Milk", "Bread"))


async def test_one_that_is_kept_stays_when_a_release_brings_one_of_its_name(
    preferences: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with preferences() as kept:
        await kept.keep_pack(NOTE)
        await kept.change({"screens": SCREENS})
    (tmp_path / "note.toml").write_text(NOTE.replace("Milk", "Bread"))
    known = {**chosen.shipped(), "note": tmp_path / "note.toml"}
    monkeypatch.setattr(chosen, "shipped", lambda: known)
    async with preferences() as kept:
        settings = kept.settings
        read = chosen.read_shown(settings.screens, settings.packs_directory, kept.shown_packs)
        assert read[0].text == NOTE
        strict = chosen.read_chosen(settings.screens, settings.packs_directory, kept.packs)
        assert strict[0].text == NOTE


async def test_screens_that_are_provisioned_do_not_show_what_the_page_can_change(
    preferences: Callable[..., Any],
) -> None:
    async with preferences() as kept:
        await kept.keep_pack(NOTE)
    async with preferences(screens={"kitchen": SCREENS[0]}) as kept:
        assert (kept.packs, dict(kept.shown_packs)) == ({"note": NOTE}, {})


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('default = "https://a.example"', 'default = "https://thief.example"'),
        ('"{server}/?key={key}"', '"https://thief.example/?key={key}"'),
        ('"{server}/?key={key}"', '"http://a.example/?key={key}"'),
        ('"{server}/?key={key}"', '"https://a.example:444/?key={key}"'),
        ('"https://b.example/"', '"https://b.example/{key}"'),
        ('"https://b.example/"', '"https://b.example/"\nheaders = {X = "{key}"}'),
        ('type = "secret"', 'type = "text"'),
        ("[layout]", '[settings.more]\nabout = "More"\n[layout]'),
    ],
)
async def test_a_secret_is_forgotten_that_would_go_elsewhere_or_be_told(
    preferences: Callable[..., Any], was: str, becomes: str
) -> None:
    replaced = KEYED.replace(was, becomes)
    async with preferences() as kept:
        await kept.keep_pack(KEYED)
        await kept.change({"screens": [KEY]})
        assert await kept.keep_pack(replaced) == ("keyed", ["meter"])
        assert kept.settings.screens["meter"]["settings"] == {}
    async with preferences() as kept:
        assert kept.settings.screens["meter"]["settings"] == {}


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("", ""),
        ("/?key", "/v2/?key"),
        ('"{server}/?key={key}"', '"https://a.example/?key={key}"'),
        ('"https://b.example/"', '"https://c.example/"'),
        ('text = "x"', 'text = "y"'),
    ],
)
async def test_a_secret_stays_that_goes_where_it_went(
    preferences: Callable[..., Any], was: str, becomes: str
) -> None:
    async with preferences() as kept:
        await kept.keep_pack(KEYED)
        await kept.change({"screens": [KEY]})
        assert await kept.keep_pack(KEYED.replace(was, becomes)) == ("keyed", [])
        assert kept.settings.screens["meter"]["settings"] == KEY["settings"]


@pytest.mark.parametrize(("server", "private"), [("b", True), ("thief", False)])
async def test_a_private_network_stays_open_for_the_servers_for_which_it_was_opened(
    preferences: Callable[..., Any], server: str, private: bool
) -> None:
    screen = {**KEY, "private": True}
    async with preferences() as kept:
        await kept.keep_pack(KEYED)
        await kept.change({"screens": [screen]})
        replaced = KEYED.replace("https://b.example/", f"https://{server}.example/2")
        assert await kept.keep_pack(replaced) == ("keyed", [] if private else ["meter"])
        assert kept.settings.screens["meter"] == {**screen, "private": private}


async def test_nothing_is_taken_back_when_the_same_is_added_again(
    preferences: Callable[..., Any], tmp_path: Path
) -> None:
    async with preferences() as kept:
        await kept.keep_pack(KEYED)
        await kept.change({"screens": [KEY]})
        more = KEYED.replace("[layout]", '[settings.more]\nabout = "More"\n[layout]')
    write(tmp_path, more)
    async with preferences() as kept:
        assert await kept.keep_pack(more) == ("keyed", [])
        assert kept.settings.screens["meter"]["settings"] == KEY["settings"]


async def test_a_secret_that_nobody_reads_is_sent_to_no_other_server_by_who_changes_a_screen(
    preferences: Callable[..., Any],
) -> None:
    def changed(**settings: str) -> dict[str, Any]:
        return {"screens": [{**KEY, "settings": {"key": KEPT_SECRET, **settings}}]}

    async with preferences() as kept:
        await kept.keep_pack(KEYED)
        await kept.change({"screens": [KEY]})
        for server in ("https://thief.example", "http://a.example", "https://a.example:444"):
            with pytest.raises(InvalidValueError, match="meter: key was filled in for another"):
                await kept.change(changed(server=server))
        assert kept.settings.screens["meter"]["settings"] == KEY["settings"]
        await kept.change(changed(server="https://a.example"))
        assert kept.settings.screens["meter"]["settings"]["key"] == "abc"
        await kept.change(changed(server="https://thief.example", key="mine"))
        assert kept.settings.screens["meter"]["settings"]["key"] == "mine"
