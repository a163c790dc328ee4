"""A process whose event loop stands still ends itself, and says where it stood."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
SOURCE = Path(__file__).parents[1] / "src"
PROGRAM = """
import asyncio, faulthandler, re, signal, sys, time
from inkstand.log import log_to_stderr
from inkstand.loop_watchdog import watched_loop

def stand_still():
    {still}

def refuse(*_, **__):
    faulthandler.cancel_dump_traceback_later()
    raise RuntimeError("unable to start watchdog thread")

async def main():
    async with watched_loop():
        print("running", flush=True)
        await asyncio.sleep(0.1)
        {act}

log_to_stderr("info")
asyncio.run(main())
print("ended well", flush=True)
"""


def run(act: str, still: str = "pass") -> tuple[subprocess.CompletedProcess[str], float]:
    """Return how a process ended that does `act`, and how many seconds it took from its start."""
    code = PROGRAM.format(act=act, still=still)
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        started = time.monotonic()
        out, errors = process.communicate()
        took = time.monotonic() - started
    return subprocess.CompletedProcess([], process.returncode, out, errors), took


def test_a_loop_that_stands_still_ends_the_process_within_ten_seconds() -> None:
    ran, took = run("stand_still()", "time.sleep(50)")
    assert ran.returncode == 70
    assert took < 10
    assert "the event loop has stood still for 8 s, ending to be started anew" in ran.stderr
    assert "in stand_still" in ran.stderr


def test_so_does_code_that_keeps_the_interpreter_to_itself() -> None:
    """A regular expression gives nobody else a turn, the watching thread neither."""
    ran, took = run("stand_still()", "re.match('(a*)*b', 'a' * 40)")
    assert ran.returncode == 1
    assert took < 13
    assert "Timeout (0:00:09)!" in ran.stderr
    assert "in stand_still" in ran.stderr


def test_long_work_beside_the_loop_is_left_alone() -> None:
    work = "sum(number * number for number in range(int(1e7)) if time.monotonic() < end)"
    still = f"end = time.monotonic() + 11\n    while time.monotonic() < end: {work}"
    ran, _ = run("await asyncio.to_thread(stand_still)", still)
    assert (ran.returncode, ran.stdout) == (0, "ended well\n"), ran.stderr


def test_a_pi_without_threads_does_not_end_the_watch() -> None:
    """Python starts one each time for code that keeps the interpreter to itself."""
    act = "faulthandler.dump_traceback_later = refuse; stand_still()"
    ran, _ = run(act, "time.sleep(50)")
    assert ran.returncode == 70, ran.stderr
    assert "the event loop has stood still for 8 s" in ran.stderr
