"""The strategy of our runs: what a run starts is bound to no processor."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAY = [
    {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [
            {"command": "cat /proc/self/status", "register": "told", "changed_when": False},
            {"debug": {"msg": "{{ told.stdout }}"}},
        ],
    }
]


@pytest.mark.integration
@pytest.mark.skipif(os.cpu_count() == 1, reason="a machine with one processor has no choice")
def test_what_a_run_starts_may_use_all_processors(tmp_path: Path) -> None:
    """A virtual Pi that a run makes lives on, with what it was given by then."""
    (tmp_path / "play.yml").write_text(json.dumps(PLAY))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    argv = [program, "-i", "localhost,", "play.yml"]
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": f"{ROOT}/ansible.cfg",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
    }
    run = subprocess.run(
        argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    allowed = re.search(r"Cpus_allowed:[\\t ]*([0-9a-f,]+)", run.stdout)
    assert allowed, run.stdout
    assert int(allowed[1].replace(",", ""), 16).bit_count() == len(os.sched_getaffinity(0))
