"""The steps of a run of all tests: each ends, with all it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# Run from the root of the repository, as its users do; pytest is not always started there.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools import run_tests

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def makefile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a Makefile in whose folder the steps are run."""
    monkeypatch.setattr(run_tests, "ROOT", tmp_path)
    return tmp_path / "Makefile"


def runs(pid: int) -> bool:
    """Tell whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


HANGS = {
    "it ends when asked": "echo $$$$ >pid; sleep 600",
    "it does not": "trap '' TERM; echo $$$$ >pid; while :; do sleep 600; done",
    "what it started does not": "sh -c 'trap \"\" TERM; echo $$$$ >pid; exec sleep 600' & wait",
}


@pytest.mark.parametrize("recipe", HANGS.values(), ids=HANGS)
def test_a_step_that_hangs_is_ended_with_all_it_started(
    makefile: Path, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    monkeypatch.setattr(run_tests, "GRACE", 0.2)
    makefile.write_text(f"hang:\n\t@{recipe}\n")
    step = run_tests.Step("the hanging one", ("hang",), limit=1.0)

    run_tests.run(step)

    assert step.verdict == "FAILED (ended: not done after 0 min)"
    pid = int(makefile.with_name("pid").read_text())
    latest = time.monotonic() + 10
    while runs(pid):
        assert time.monotonic() < latest


def test_a_step_that_ends_in_time_has_its_own_status(makefile: Path) -> None:
    makefile.write_text("fine:\n\t@true\nbad:\n\t@exit 3\n")
    fine, bad = run_tests.Step("fine", ("fine",)), run_tests.Step("bad", ("bad",))

    for step in (fine, bad):
        run_tests.run(step)

    assert (fine.verdict, bad.verdict) == ("green", "FAILED (exit 2)")


def test_a_run_that_is_ended_from_outside_says_what_it_knows(tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    (folder / "tools").mkdir(parents=True)
    (folder / "tools" / "run_tests.py").write_text((ROOT / "tools" / "run_tests.py").read_text())
    (folder / "Makefile").write_text("lint:\n\t@true\ntest-python:\n\t@echo begun; sleep 600\n")
    command = [sys.executable, "-u", "tools/run_tests.py"]
    environment = {"PATH": os.environ["PATH"]}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        assert "begun\n" in started.stdout
        started.send_signal(signal.SIGTERM)
        rest, _ = started.communicate()

    assert started.returncode != 0
    assert "  static checks" in rest
    assert "green" in rest
