"""`inkstand packs add`, `remove` and `list`, and what moves with the settings, by the real app."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.cli import main
from inkstand.client.server import Server

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration
NOTE = '[pack]\nname = "note"\nabout = "A nöte"\n[layout]\nkind = "text"\ntext = "Milk"\n'
SCREENS = [{"name": "kitchen", "pack": "note"}]


def done(result: Any) -> str:
    assert (result.returncode, result.stderr) == (0, "")
    return str(result.stdout)


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(NOTE, encoding="utf-8")
    return path


def listed(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    main(["packs", "list", *options])
    return capsys.readouterr().out.splitlines()


def test_one_is_added_listed_and_removed(
    at_home: Any,
    app: Any,
    note: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", at_home.environment["XDG_CONFIG_HOME"])
    assert done(at_home("packs", "add", str(note))) == "note is added\n"
    assert app.system.preferences.packs == {"note": NOTE}
    lines = listed(capsys)
    assert lines[-1] == "note         A nöte (own)"
    assert "weather      Weather now and for four days, by Open-Meteo" in lines
    assert done(at_home("packs", "remove", "note")) == "note is removed\n"
    assert not any("(own" in line for line in listed(capsys))
    again = at_home("packs", "add", "-", given=NOTE)
    assert done(again) == "note is added\n"


def test_what_is_wrong_is_told_by_line(at_home: Any, note: Path) -> None:
    note.write_text(NOTE.replace("kind", "knd").replace("about", "abot"), encoding="utf-8")
    result = at_home("packs", "add", str(note))
    assert result.returncode == 1
    assert "says: line 3: pack.abot is not known; did you mean about?\nline 4: " in result.stderr
    missing = at_home("packs", "remove", "note")
    assert "There is no pack of your own called note" in missing.stderr


def test_what_has_to_be_filled_in_again_is_said(at_home: Any, app: Any, note: Path) -> None:
    keyed = NOTE + '[settings.key]\nabout = "Key"\ntype = "secret"\n[sources.a]\nurl = "https://'
    note.write_text(f'{keyed}a.example/{{key}}"\n', encoding="utf-8")
    assert at_home("packs", "add", str(note)).returncode == 0
    screens = [{**SCREENS[0], "settings": {"key": "abc"}}]
    done(at_home("settings", "set", "screens", json.dumps(screens)))
    note.write_text(f'{keyed}b.example/{{key}}"\n', encoding="utf-8")
    result = at_home("packs", "add", str(note))
    assert result.stdout == "note is added\n"
    assert "fill in again the secrets of kitchen" in result.stderr


def test_packs_move_with_the_settings_that_need_them(
    at_home: Any, app: Any, note: Path, tmp_path: Path
) -> None:
    done(at_home("packs", "add", str(note)))
    done(at_home("settings", "set", "screens", json.dumps(SCREENS)))
    exported = done(at_home("settings", "export"))
    assert json.loads(exported)["packs"] == {"note": NOTE}
    kept = tmp_path / "settings.json"
    kept.write_text(exported, encoding="utf-8")
    done(at_home("settings", "unset", "screens"))
    done(at_home("packs", "remove", "note"))
    result = done(at_home("settings", "import", str(kept)))
    assert result == "changed: screens, playlist, quiet_hours, quiet_screen, note\n"
    assert app.system.preferences.packs == {"note": NOTE}
    assert list(app.system.preferences.settings.screens) == ["kitchen"]


@pytest.mark.parametrize("wrong", ['["note"]', '{"note": 1}', '"note"'])
def test_packs_that_are_no_texts_by_name_are_not_imported(at_home: Any, wrong: str) -> None:
    result = at_home("settings", "import", "-", given=f'{{"packs": {wrong}}}')
    assert result.returncode == 2
    assert "- is no JSON object as  inkstand settings export  has it" in result.stderr


def test_a_server_that_cannot_be_asked_ends_the_list_only_if_it_was_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert main(["packs", "list"]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("INKSTAND_TOKEN", "x")
    monkeypatch.setenv("INKSTAND_SERVER", "http://127.0.0.1:9")
    assert main(["packs", "list"]) == 0
    assert "packs of your own are not listed: nothing listens at" in capsys.readouterr().err
    assert main(["packs", "list", "--server", "http://127.0.0.1:9"]) == 4


def test_who_may_not_read_them_exports_the_rest(
    at_home: Any, app: Any, note: Path, password: str
) -> None:
    done(at_home("packs", "add", str(note)))
    link = json.loads(done(at_home("people", "invite", "anna", "--role", "admin", "--json")))["url"]
    invited = {"secret": link.rpartition("#")[2], "name": "anna", "password": password}
    Server(app.url).ask("POST", "/invitation/accept", invited)
    login = at_home("login", app.url, "--user", "anna", "--password-stdin", given=password)
    assert login.returncode == 0
    exported = at_home("settings", "export")
    assert "packs" not in json.loads(exported.stdout)
    assert "the owner alone can read them" in exported.stderr
    assert "Only the owner may do that" in at_home("packs", "add", str(note)).stderr
