"""Whoever deploys may go away at any moment: the next run goes on, the one after has nothing to do.

Each run goes on from what the one before left, and dies at the boundary after the first task that
changed something: between two such boundaries the Pi is the same. With INKSTAND_BOUNDARY_STEP=1 it
dies at each boundary there is, with 7 at each seventh.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[3]
STATE = Path(os.environ["INKSTAND_INSTANCE_STATE"])
STEP = int(os.environ.get("INKSTAND_BOUNDARY_STEP", "0"))
AFTER_CHANGE = "change"
# More boundaries than there are tasks: some task changes something each time.
MOST_RUNS = 600
DIED = 42
# A new Pi takes more changes than this.
FEWEST_ON_A_NEW_PI = 30
RUN_SECONDS = 1200


def play(die_after: str | None, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the playbook, and let it die when `die_after` tasks have ended."""
    argv = [Path(sys.executable).with_name("ansible-playbook"), ROOT / "playbook.yml"]
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": f"{ROOT}/ansible.cfg",
        "ANSIBLE_CALLBACK_PLUGINS": f"{ROOT}/molecule/interrupted/callback_plugins",
        "ANSIBLE_CALLBACKS_ENABLED": "dies_at_boundary",
    }
    environment.pop("INKSTAND_DIE_AFTER", None)
    if die_after is not None:
        environment["INKSTAND_DIE_AFTER"] = die_after
    return subprocess.run(
        [*map(str, argv), "--inventory", str(STATE / "inventory"), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS,
        env=environment,
        cwd=ROOT,
    )


def interrupted(*options: str) -> Iterator[str]:
    """Let runs die at one boundary after the other; give the names of the tasks around it."""
    for number in range(MOST_RUNS):
        run = play(str(1 + number * STEP) if STEP else AFTER_CHANGE, *options)
        if run.returncode != DIED:
            assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
            return
        found = re.search("The controller dies (after .*)", run.stdout)
        assert found, run.stdout[-3000:]
        assert "fatal:" not in run.stdout, f"{number}: {run.stdout[-3000:]}"
        print(f"{number + 1:4} died {found[1]}", flush=True)
        yield found[1]
    raise AssertionError(f"after {MOST_RUNS} runs something still changes")


def finish(died: list[str], *options: str) -> None:
    """Require that what the runs left is finished: another complete run changes nothing."""
    complete = play(None, *options)
    assert complete.returncode == 0, complete.stdout[-3000:]
    assert set(changes(complete)) == {0}
    chosen = f"each {STEP} tasks" if STEP else "after each task that changed something"
    print(f"{len(died)} boundaries, {chosen}; then a complete run changed nothing")


def changes(run: subprocess.CompletedProcess[str]) -> list[int]:
    """Return how many tasks changed something, by host."""
    return [int(number) for number in re.findall(r"changed=(\d+)", run.stdout)]


def test_a_run_that_died_anywhere_is_finished_by_the_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        died = list(interrupted())
        assert len(died) > FEWEST_ON_A_NEW_PI // max(STEP, 1)
        finish(died)


def test_an_update_that_died_anywhere_is_finished_by_the_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each run finds what earlier ones wrote, and containers that wait; there is one switch."""
    with capsys.disabled():
        options = ("--extra-vars", "app_title=Renamed", "--extra-vars", "traefik_hsts_seconds=7")
        died = list(interrupted(*options))
        assert died
        finish(died, *options)
