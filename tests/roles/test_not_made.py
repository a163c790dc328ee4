"""An image that was not made is told with the reason, and on a full disk with what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
NEEDED = "1 image needs about 300 MB, and there are"


@pytest.mark.parametrize(
    ("reason", "is_full"),
    [
        ("ERROR: failed to copy: write /layer.tar: no space left on device", True),
        ("Detected no loaded images. Archive potentially corrupt?", True),
        ("ERROR: process '/bin/sh -c make' did not complete: exit code: 2", False),
    ],
)
def test_the_reason_comes_with_the_room_that_is_missing(
    tmp_path: Path, reason: str, is_full: bool
) -> None:
    role = {"name": "docker", "tasks_from": "not_made"}
    rescue = {
        "name": "Say why",
        "ansible.builtin.include_role": role,
        "vars": {"__docker_wanted": ["inkstand/nothing:0"]},
    }
    build = {"name": "Build", "ansible.builtin.fail": {"msg": reason}}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [{"block": [build], "rescue": [rescue]}],
    }
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.safe_dump([play]))
    argv = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local"]
    done = subprocess.run(
        [*argv, str(playbook)],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_STRATEGY": "linear", "ANSIBLE_NOCOLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    report = done.stdout.partition("What became of each host")[2]
    # Of the task that failed first, and of no other.
    assert "FAILED at Build" in report
    told = " ".join(report.split())
    assert reason in told
    assert (NEEDED in told) is is_full, json.dumps(told)
