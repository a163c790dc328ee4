"""What is in the catalogue, and what of it is chosen."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults import __main__ as program
from tests.faults.catalogue import FAULTS
from tests.faults.catalogue.scripts import signalled
from tests.faults.fault import Fault, Kind, shell
from tools.common.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


class Recorder:
    """A Pi that writes down what it is told to run."""

    def __init__(self) -> None:
        self.scripts: list[str] = []

    def shell(self, script: str, stdin: str = "") -> str:
        self.scripts.append(script)
        return stdin

    def limit(self, _option: str) -> None:
        """Limit nothing."""

    def ask(self, _method: str, _path: str, **_arguments: Any) -> tuple[int, Any]:
        return 200, {"token": "", "tokens": [], "messages": []}


def scripts() -> list[Any]:
    """Return all shell script that faults begin, end and surround a run with."""
    acts = [(it, act) for it in FAULTS if it.kind is not Kind.POWER for act in (it.inflict, it.end)]
    told: Any = Recorder()
    for fault, act in acts:
        with fault.scene(told):
            if act:
                act(told)
    return [pytest.param(script, id=script[:60]) for script in dict.fromkeys(told.scripts)]


@pytest.mark.parametrize("script", scripts())
def test_it_is_shell_script(script: str) -> None:
    checked = subprocess.run(
        ["sh", "-n", "-c", script], check=False, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(("listed", "status"), [("4194304 {} 4194305", 0), ("{}", 0), ("", 1)])
def test_a_process_that_ended_meanwhile_keeps_no_signal_from_the_others(
    tmp_path: Path, listed: str, status: int
) -> None:
    docker = tmp_path / "docker"
    with subprocess.Popen(["sleep", "600"]) as process:
        numbers = listed.format(process.pid)
        docker.write_text(f"#!/bin/sh\nprintf 'PID\\n'; printf '%s\\n' {numbers}\n")
        docker.chmod(0o755)
        path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(["sh", "-ec", signalled("KILL", "app")], env=path, check=False)
        if status:
            process.kill()
        assert process.wait() == -signal.SIGKILL
    assert done.returncode == status


def test_there_are_enough_of_them_and_none_is_there_twice() -> None:
    assert len(FAULTS) >= 45
    assert len({it.name for it in FAULTS}) == len(FAULTS)


def test_budgets_are_those_that_were_promised() -> None:
    budgets = {kind.word: kind.budget for kind in Kind}
    others = {"condition": 15, "bad release": 60, "power": 60, "load": 1}
    assert budgets == {"process": 5, "hung process": 15, "daemon": 20} | others


def test_a_word_chooses_the_faults_that_have_it_in_their_names() -> None:
    faults = [Fault(name, Kind.HUNG, shell("true")) for name in ("one app", "two", "an app")]
    assert [it.name for it in program.chosen(faults, ["app"])] == ["one app", "an app"]
    assert program.chosen(faults, []) == faults


def test_a_word_that_chooses_nothing_is_refused() -> None:
    with pytest.raises(ToolError, match="'bread'"):
        program.chosen(FAULTS, ["driver", "bread"])


def test_the_list_needs_no_virtual_pi(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--list"]) == 0
    assert "  5 s  app: killed\n" in capsys.readouterr().out
