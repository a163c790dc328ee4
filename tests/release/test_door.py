"""The door that lets people look and change nothing, as a file that Traefik reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from inkstand_release import door, health

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture
def file(pi: Any) -> Path:
    folder: Path = pi.folder / "dynamic"
    folder.mkdir()
    pi.configure(door=str(folder / "release.yml"))
    return folder / "release.yml"


def test_whatever_is_no_look_is_answered_with_503_before_all_else(
    pi: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "door_is_closed", lambda it: it == pi.settings)
    assert door.close(pi.settings)
    told = yaml.safe_load(file.read_text())["http"]
    router = told["routers"]["release"]
    assert router["rule"] == "PathPrefix(`/`) && !Method(`GET`) && !Method(`HEAD`)"
    # The rules of the appliance have the length of their text as priority.
    assert router["priority"] >= 1000
    assert told["middlewares"]["release-closed"]["ipAllowList"]["rejectStatusCode"] == 503
    assert set(router["middlewares"]) == set(told["middlewares"])
    door.open_again(pi.settings)
    assert not file.exists()
    door.open_again(pi.settings)


def test_a_door_that_traefik_does_not_close_is_told(
    pi: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_PATIENCE", 0.0)
    assert not door.close(pi.settings)
    assert file.exists()


def test_where_there_is_no_traefik_nothing_is_closed(pi: Any, file: Path) -> None:
    file.parent.rmdir()
    for settings in (pi.settings, replace(pi.settings, door="")):
        assert not door.close(settings)
        door.open_again(settings)
    assert not file.parent.exists()
