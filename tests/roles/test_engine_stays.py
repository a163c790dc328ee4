"""Why a Docker engine stays is told as far as it is known."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
BEFORE = "it was there before Inkstand."
NOBODY_KNOWS = "nothing on the Pi tells who installed it. If nobody else needs it: sudo apt remove"


@pytest.mark.parametrize(
    ("package", "record", "words"),
    [
        ("docker.io", ["python3-requests"], BEFORE),
        ("docker.io", None, NOBODY_KNOWS),
        # Ours it never was.
        ("docker-ce", None, BEFORE),
        ("docker.io", ["docker.io"], "/var/lib/docker stays"),
    ],
)
def test_the_reason_is_true(package: str, record: list[str] | None, words: str) -> None:
    """An Inkstand of before wrote down nothing of what it installed."""
    kept = base64.b64encode(json.dumps(record).encode()).decode()
    given = {
        "docker_keep_engine": False,
        "__docker_found": {"engine": {"version": "26.1.5", "package": package}},
        "__docker_installed": {"failed": True} if record is None else {"content": kept},
        "__docker_removed": {},
    }
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ansible", "adhoc", "localhost", "--inventory=localhost,"),
            *("--connection=local", "--module-name=ansible.builtin.debug"),
            "--args=var=__docker_stays",
            f"--extra-vars=@{ROOT / 'roles' / 'docker' / 'vars' / 'main.yml'}",
            f"--extra-vars={json.dumps(given)}",
        ],
        env={**os.environ, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    _, _, found = done.stdout.partition("=> ")
    assert words in " ".join(" ".join(json.loads(found)["__docker_stays"]).split())
