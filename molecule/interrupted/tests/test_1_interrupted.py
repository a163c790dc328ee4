"""Whoever deploys may go away at any moment: the next run goes on, the one after has nothing to do.

Each run goes on from what the one before left, and dies at the boundary after the first task that
changed something: between two such boundaries the Pi is the same. What a release makes and the next
run throws away changes each time; the run after goes on behind it. With INKSTAND_BOUNDARY_STEP=1 it
dies at each boundary there is, with 7 at each seventh.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Mapping

# Many deployments, each cut off somewhere.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(4 * 3600)]

ROOT = Path(__file__).resolve().parents[3]
STATE = Path(os.environ["INKSTAND_INSTANCE_STATE"])
STEP = int(os.environ.get("INKSTAND_BOUNDARY_STEP", "0"))
# More boundaries than there are tasks: some task changes something each time.
MOST_RUNS = 600
DIED = 42
# A new Pi takes more changes than this.
FEWEST_ON_A_NEW_PI = 30
RUN_SECONDS = 1200


class Boundary(NamedTuple):
    """Where a run died: how many tasks had ended, and between which two."""

    ended: int
    names: str


def play(variables: Mapping[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Run the playbook, and let it die where `variables` say."""
    argv = [Path(sys.executable).with_name("ansible-playbook"), ROOT / "playbook.yml"]
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("INKSTAND_DIE")},
        **testing.PLAIN,
        "ANSIBLE_CONFIG": f"{ROOT}/ansible.cfg",
        "ANSIBLE_CALLBACK_PLUGINS": f"{ROOT}/molecule/interrupted/callback_plugins",
        "ANSIBLE_CALLBACKS_ENABLED": "dies_at_boundary",
        **variables,
    }
    return subprocess.run(
        [*map(str, argv), "--inventory", str(STATE / "inventory"), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS,
        env=environment,
        cwd=ROOT,
    )


def dies(least: int, *options: str) -> Boundary | None:
    """Let one run die when at least so many tasks have ended; None when it came to its end."""
    at_change = {} if STEP else {"INKSTAND_DIE_AT_CHANGE": "yes"}
    run = play({"INKSTAND_DIE_AFTER": f"{least}", **at_change}, *options)
    if run.returncode != DIED:
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
        return None
    found = re.search(r"The controller dies at (\d+), (after .*)", run.stdout)
    assert found, run.stdout[-3000:]
    assert "fatal:" not in run.stdout, run.stdout[-3000:]
    return Boundary(int(found[1]), found[2])


def interrupted(*options: str) -> list[Boundary]:
    """Let runs die at one boundary after the other, until one comes to its end."""
    died: list[Boundary] = []
    least = 1
    while boundary := dies(least, *options):
        print(f"{len(died) + 1:4} died at {boundary.ended}, {boundary.names}", flush=True)
        repeated = boundary.names in [earlier.names for earlier in died[-2:]]
        died.append(boundary)
        assert len(died) < MOST_RUNS, "something changes at each run"
        if STEP or repeated:
            least = max(least, boundary.ended) + max(STEP, 1)
    return died


def changes(run: subprocess.CompletedProcess[str]) -> list[int]:
    """Return how many tasks changed something, by host."""
    return [int(number) for number in re.findall(r"changed=(\d+)", run.stdout)]


def finish(died: list[Boundary], *options: str) -> None:
    """Require that what the runs left is finished: another complete run changes nothing."""
    complete = play({}, *options)
    assert complete.returncode == 0, complete.stdout[-3000:]
    assert set(changes(complete)) == {0}
    chosen = f"each {STEP} tasks" if STEP else "after each task that changed something"
    print(f"{len(died)} boundaries, {chosen}; then a complete run changed nothing")


def test_a_run_that_died_anywhere_is_finished_by_the_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        died = interrupted()
        assert len(died) > FEWEST_ON_A_NEW_PI // max(STEP, 1)
        finish(died)


def test_an_update_that_died_anywhere_is_finished_by_the_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each run finds what earlier ones wrote, and containers that wait; there is one switch."""
    with capsys.disabled():
        options = ("--extra-vars", "app_title=Renamed", "--extra-vars", "traefik_hsts_seconds=7")
        died = interrupted(*options)
        assert died
        finish(died, *options)
