"""Maintenance, in which people may look and change nothing: a file that Traefik reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from inkstand_host.release import health, maintenance

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture
def file(pi: Any) -> Path:
    folder: Path = pi.folder / "dynamic"
    folder.mkdir()
    pi.configure(maintenance_file=str(folder / "release.yml"))
    return folder / "release.yml"


def test_whatever_is_no_look_is_answered_with_503_before_all_else(
    pi: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "is_in_maintenance", lambda it: it == pi.settings)
    assert maintenance.begin(pi.settings)
    told = yaml.safe_load(file.read_text())["http"]
    router = told["routers"]["release"]
    assert router["rule"] == "PathPrefix(`/`) && !Method(`GET`) && !Method(`HEAD`)"
    # The rules of the appliance have the length of their text as priority.
    assert router["priority"] >= 1000
    assert told["middlewares"]["release-closed"]["ipAllowList"]["rejectStatusCode"] == 503
    assert set(router["middlewares"]) == set(told["middlewares"])
    maintenance.end(pi.settings)
    assert not file.exists()
    maintenance.end(pi.settings)


def test_maintenance_that_traefik_does_not_take_up_is_told(
    pi: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "_PATIENCE", 0.0)
    assert not maintenance.begin(pi.settings)
    assert file.exists()


def test_where_there_is_no_traefik_nothing_is_closed(pi: Any, file: Path) -> None:
    file.parent.rmdir()
    for settings in (pi.settings, replace(pi.settings, maintenance_file="")):
        assert not maintenance.begin(settings)
        maintenance.end(settings)
    assert not file.parent.exists()
