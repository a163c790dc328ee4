"""`inkstand settings`, against the real app, over real sockets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.client.settings import _KEPT_SECRET
from inkstand.client.wording import setting_lines
from inkstand.preferences.model import KEPT_SECRET

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration
SCREENS = [
    {"name": "shopping", "pack": "text", "settings": {"text": "Mjölk"}},
    {"name": "family", "pack": "calendar", "settings": {"address": "https://a.example/x"}},
]
PLAYLIST = [{"screen": "shopping", "minutes": 5}, {"screen": "clock", "minutes": 10}]


def done(result: Any) -> str:
    assert (result.returncode, result.stderr) == (0, "")
    return str(result.stdout)


def test_a_setting_is_set_looked_at_and_unset(at_home: Any) -> None:
    assert done(at_home("settings", "set", "quiet_screen", "blank")) == "quiet_screen is changed\n"
    assert done(at_home("settings", "get", "quiet_screen")) == '"blank"\n'
    assert at_home("settings", "set", "screens", "-", given=json.dumps(SCREENS)).returncode == 0
    lines = done(at_home("settings")).splitlines()
    assert lines[3] == 'quiet_screen: "blank"'
    assert "Mjölk" in lines[0]
    assert done(at_home("settings", "unset", "quiet_screen")) == "quiet_screen is the default\n"
    assert done(at_home("settings", "get", "quiet_screen")) == '"until"\n'


def test_what_was_exported_can_be_imported(at_home: Any, app: Any, tmp_path: Path) -> None:
    kept = tmp_path / "settings.json"
    at_home("settings", "set", "screens", json.dumps(SCREENS))
    at_home("settings", "set", "playlist", json.dumps(PLAYLIST))
    exported = at_home("settings", "export")
    assert "where it says (kept secret)" in exported.stderr
    assert "a.example" not in exported.stdout
    kept.write_text(exported.stdout, encoding="utf-8")
    at_home("settings", "set", "playlist", "[]")
    before = app.system.preferences.settings
    result = done(at_home("settings", "import", str(kept)))
    assert result == "changed: screens, playlist, quiet_hours, quiet_screen\n"
    after = app.system.preferences.settings
    assert after.screens == before.screens
    assert len(after.playlist.entries) == 2
    assert at_home("settings", "export").stdout == exported.stdout


def test_what_is_provisioned_is_not_exported_and_not_changed(at_home: Any, app: Any) -> None:
    app.system.preferences._provisioned = frozenset({"quiet_screen"})
    assert "quiet_screen" not in json.loads(at_home("settings", "export").stdout)
    assert "quiet_screen (provisioned): " in at_home("settings").stdout
    result = at_home("settings", "set", "quiet_screen", "blank")
    assert result.returncode == 1
    assert "change app_quiet_screen in host_vars there and run the playbook" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("get", "language"), 1, "there is no setting language; there is screens, playlist, "),
        (("set", "language", "sv"), 1, "There is no setting language"),
        (("set", "playlist", "[{"), 2, "this is no JSON: "),
        (("set", "playlist", '[{"screen": "x"}]'), 1, "playlist at entry 1: there is no screen x"),
        (("import", "-"), 2, "- is no JSON object"),
        (("import", "/nowhere"), 1, "cannot read /nowhere"),
    ],
)
def test_what_is_wrong_is_said(
    at_home: Any, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    result = at_home("settings", *arguments, given="[]")
    assert result.returncode == code
    assert sentence in result.stderr


def test_the_client_knows_what_the_server_says_for_a_secret() -> None:
    assert _KEPT_SECRET == KEPT_SECRET


def test_why_a_setting_is_not_in_use_stands_below_it() -> None:
    told = {"name": "playlist", "value": [], "provisioned": False, "problem": "no such\x1b screen"}
    assert setting_lines([told]) == [
        "playlist: []",
        "  not in use: no such\N{REPLACEMENT CHARACTER} screen",
    ]
