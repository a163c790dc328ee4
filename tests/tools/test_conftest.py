"""What is kept of a suite for the closing report, however the suite ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.integration

QUICK = "import pytest\n@pytest.mark.unit\ndef test_quick(): pass\n"
ENDLESS = """
import select, pytest
@pytest.mark.unit
def test_endless(): select.select([], [], [])
"""
# Reads where nothing is.
FATAL = """
import ctypes, pytest
@pytest.mark.unit
def test_fatal(): ctypes.string_at(0)
"""
# Ends with a group of exceptions, as when what it left open is found.
GROUP = """
import gc, pytest, socket
@pytest.mark.unit
def test_untidy():
    one, other = socket.socket(), socket.socket()
    del one, other
    gc.collect()
"""


def start(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """Run the tests in `folder` as a suite called "small", in a process group of its own."""
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider"]
    command += ["--override-ini=markers=unit", f"--rootdir={folder}", *options, str(folder)]
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "INKSTAND_TEST_RESULTS": str(folder / "results"),
        "INKSTAND_TEST_SUITE": "small",
    }
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, process_group=0
    )


def wait_until_said(run: subprocess.Popen[bytes], words: bytes) -> None:
    """Return when the run has printed that, which needs no whole line."""
    assert run.stdout is not None
    said = b""
    while words not in said:
        more = os.read(run.stdout.fileno(), 4096)
        assert more, said
        said += more


def kept(folder: Path) -> dict[str, Any]:
    tally: dict[str, Any] = json.loads((folder / "results" / "small.json").read_text())
    return tally


def test_a_suite_that_ran_has_no_fault(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(QUICK)
    with start(tmp_path) as run:
        assert run.wait(180) == 0
    assert kept(tmp_path)["outcomes"] == {"unit": {"passed": 1}}
    assert kept(tmp_path)["failed"] == {}


def test_a_test_that_hangs_is_ended_and_named(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(QUICK)
    (tmp_path / "test_b.py").write_text(ENDLESS)
    limits = ("--timeout=1", "--timeout-method=thread")
    with start(tmp_path, "--numprocesses=2", "--dist=loadfile", *limits) as run:
        assert run.wait(180) == 1
    assert kept(tmp_path)["outcomes"]["unit"] == {"passed": 1}
    assert list(kept(tmp_path)["failed"]) == ["test_b.py::test_endless"]


def test_a_test_that_takes_its_worker_with_it_is_named_and_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(FATAL)
    parallel = ("--numprocesses=2", "--dist=loadfile", "--max-worker-restart=0")
    with start(tmp_path, *parallel) as run:
        assert run.wait(180) == 1
    failed = kept(tmp_path)["failed"]
    assert "test_a.py::test_fatal" in failed
    told = str(failed)
    assert "Fatal Python error: Segmentation fault" in told
    assert "in test_fatal" in told


def test_what_several_faults_are_is_told(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(GROUP)
    # A worker hands on the message apart from the traceback.
    with start(tmp_path, "--override-ini=filterwarnings=error", "--numprocesses=1") as run:
        assert run.wait(180) == 1
    told = kept(tmp_path)["failed"]["test_a.py::test_untidy"]
    assert "ExceptionGroup: multiple unraisable" in told.splitlines()[0]
    assert "ResourceWarning: unclosed <socket" in told


@pytest.mark.parametrize("options", [(), ("--numprocesses=2", "--dist=loadfile")])
def test_a_suite_that_is_ended_names_what_ran_then(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    (tmp_path / "test_a.py").write_text(QUICK)
    (tmp_path / "test_b.py").write_text(ENDLESS)
    with start(tmp_path, "--verbose", *options) as run:
        # A worker tells later what it has begun: who runs it all has to know.
        wait_until_said(run, b"::test_endless")
        os.killpg(run.pid, signal.SIGTERM)
        assert run.wait(180) != 0
    failed = kept(tmp_path)["failed"]
    # Its worker is ended, too, and may be the first to tell of it.
    assert "test_b.py::test_endless" in str(failed)
    ((what, why),) = [(name, text) for name, text in failed.items() if name.startswith("small:")]
    assert what.endswith("of 2 tests did not come to their end")
    assert "ended by SIGTERM" in why
