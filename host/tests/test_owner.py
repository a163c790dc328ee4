"""An owner who does not know the password any more."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from inkstand_host import cli

pytestmark = pytest.mark.unit
ASK = ["docker", "exec", "inkstand-app", "inkstand", "reset-owner"]
RESTART = ["docker", "restart", "inkstand-app"]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What was run, on a Pi where the app runs unless it is told otherwise."""
    ran: list[list[str]] = []

    def run(argv: Any, **_: Any) -> Any:
        ran.append(list(argv))
        return subprocess.CompletedProcess(argv, 0, "", "")

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("subprocess.run", run)
    return ran


def test_the_app_is_asked_and_restarted(
    ran: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["reset-owner"]) == 0
    assert ran == [ASK, RESTART]
    assert "app_password_hash" in capsys.readouterr().out


def test_an_app_that_does_not_run_is_not_restarted(
    monkeypatch: pytest.MonkeyPatch, ran: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(argv: Any, **_: Any) -> Any:
        ran.append(list(argv))
        return subprocess.CompletedProcess(argv, 1, "", "container is not running\n")

    monkeypatch.setattr("subprocess.run", run)
    assert cli.main(["reset-owner"]) == 1
    assert ran == [ASK]
    assert "container is not running" in capsys.readouterr().err


def test_only_root_may(monkeypatch: pytest.MonkeyPatch, ran: list[list[str]]) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert cli.main(["reset-owner"]) == 1
    assert ran == []
