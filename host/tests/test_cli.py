"""`inkstand-host` as somebody meets it who is logged in at the Pi."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from inkstand_host import cli
from inkstand_host.doctor import commands as doctor
from inkstand_host.doctor.finding import finding
from inkstand_host.release import commands as release

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

SOURCE = Path(__file__).parents[1] / "src"
COMMANDS = (
    ["doctor"],
    ["release"],
    ["rollback"],
    ["backup"],
    ["backup", "create"],
    ["backup", "inspect"],
    ["restore"],
    ["restore", "unpack"],
    ["reset-owner"],
)


@pytest.mark.parametrize("words", [[], *COMMANDS], ids=" ".join)
def test_help_needs_nothing_but_python(words: list[str]) -> None:
    argv: list[str | Path] = [sys.executable, "-I", "-S", SOURCE, *words, "--help"]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert done.stdout.startswith(f"usage: {' '.join(['inkstand-host', *words])} ")


@pytest.mark.parametrize("words", [["doctor"], ["release", "status"], ["rollback"]], ids=" ".join)
def test_who_is_not_root_is_told_what_to_write(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert cli.main(words) == 1
    assert "write sudo before it" in capsys.readouterr().err


@pytest.fixture
def expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the doctor was told to expect, and is not asked really."""
    asked: list[Any] = []
    seen = [finding("ok", "docker", "runs"), finding("FAIL", "app", "is away", "start it")]

    def examine(_machine: Any, question: Any) -> list[dict[str, str]]:
        asked.append(question)
        return seen

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(doctor, "examine", examine)
    (tmp_path / "doctor.json").write_text('{"line": "gpiochip"}')
    return asked


def test_the_doctor_says_a_line_for_each_and_fails_for_one(
    expected: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = str(tmp_path / "doctor.json")
    assert cli.main(["doctor", "--settings", settings]) == 1
    assert [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()] == [
        ["ok", "docker", "runs"],
        ["FAIL", "app", "is away  — start it"],
    ]
    assert cli.main(["doctor", "--settings", settings, "--json", "--now", "5"]) == 0
    assert [it["what"] for it in json.loads(capsys.readouterr().out)["findings"]] == [
        "docker",
        "app",
    ]
    # No other computer has told the time to the first.
    assert expected == [{"line": "gpiochip", "now": None}, {"line": "gpiochip", "now": 5.0}]


def test_a_doctor_who_knows_of_no_deployment_says_so(
    expected: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["doctor", "--settings", str(tmp_path / "none.json")]) == 1
    assert "run the playbook first" in capsys.readouterr().err
    assert expected == []


@pytest.fixture
def at_the_pi(pi: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Call the command for the Pi in memory."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(release, "load", lambda: pi.settings)
    monkeypatch.setattr(release, "Releases", lambda *_: pi.releases)

    def call(*words: str) -> int:
        return cli.main([*words])

    return call


def test_the_status_tells_what_runs_and_what_is_kept(
    pi: Any, at_the_pi: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert at_the_pi("release", "status") == 0
    assert capsys.readouterr().out == "No release runs. No release is kept to go back to.\n"
    pi.runs("one")
    pi.releases.begin()
    assert at_the_pi("release", "status") == 0
    assert "A run of the playbook is open" in capsys.readouterr().out
    pi.prepare("two")
    assert pi.releases.switch()["verdict"] == "good"
    assert at_the_pi("release", "status", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["release"] != told["previous"] != ""
    assert told["sentence"].startswith(
        f"Release {told['release']} runs. Release {told['previous']}"
    )
    # Nothing is written down by who only asks.
    assert not (pi.settings.state_directory / "status.json").exists()


def test_what_was_done_is_told_in_words(
    pi: Any, at_the_pi: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    pi.runs("one")
    assert at_the_pi("release", "begin") == 0
    assert capsys.readouterr().out.startswith("Goes back to release ")
    pi.prepare("two")
    pi.bad["inkstand/app:two"] = "app does not answer"
    assert at_the_pi("release", "switch", "--here") == 0
    assert "app does not answer" in capsys.readouterr().out
    assert at_the_pi("release", "back", "--here") == 0
    assert "There is no previous release" in capsys.readouterr().out
