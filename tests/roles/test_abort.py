"""A run that is taken back says which task failed and why, also in the words of a unit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
SAID = '{"verdict": "back", "sentence": "Release abc is as it was."}'


@pytest.fixture(params=["", "2.21.5"], ids=["this", "newer"])
def playbook_program(request: pytest.FixtureRequest) -> list[str]:
    """The ansible-playbook of this environment, and the newest that is supported."""
    if not request.param:
        return [sys.executable, "-m", "ansible", "playbook"]
    program, why_not = testing.other_ansible(request.param, (3, 12))
    return [str(program)] if program else pytest.skip(why_not)


@pytest.fixture
def failing(tmp_path: Path, playbook_program: list[str]) -> Callable[[Mapping[str, object]], str]:
    """Give a function that runs a task which fails, and what follows: all that is said."""
    journal = tmp_path / "journalctl"
    begun = tmp_path / "begun"
    words = f"[ -e {begun} ] && echo the panel is there || echo the chip answered 00"
    journal.write_text(f"#!/bin/sh\n{words}\n")
    journal.chmod(0o755)
    release = tmp_path / "release"
    # What puts back starts the unit anew, which then says other things.
    release.write_text(f"#!/bin/sh\ntouch {begun}\necho '{SAID}'\n")
    release.chmod(0o755)

    def run(task: Mapping[str, object]) -> str:
        role = {"name": "release", "tasks_from": "abort"}
        abort = {"name": "Put back", "ansible.builtin.include_role": role}
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "environment": {"PATH": f"{tmp_path}:/usr/bin:/bin"},
            "vars": {"ansible_python_interpreter": sys.executable},
            "tasks": [{"block": [task], "rescue": [abort]}],
        }
        given = {"__release_command": [str(release)]}
        (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
        argv = [*playbook_program, "-i", "localhost,", "-c", "local"]
        done = subprocess.run(
            [*argv, "-e", json.dumps(given), str(tmp_path / "play.yml")],
            cwd=ROOT,
            env={**os.environ, "ANSIBLE_STRATEGY": "linear"},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode != 0
        return " ".join((done.stdout + done.stderr).split())

    return run


def test_the_task_and_its_reason_are_named(failing: Callable[[Mapping[str, object]], str]) -> None:
    task = {"name": "Write it", "ansible.builtin.command": {"argv": ["ls", "/no/such"]}}
    said = failing(task)
    assert "Write it: ls: cannot access '/no/such'" in said
    assert "Release abc is as it was." in said


def test_a_unit_says_why_it_did_not_start(failing: Callable[[Mapping[str, object]], str]) -> None:
    unit = {"name": "epd-fuse.service", "state": "restarted"}
    said = failing({"name": "Run the driver", "ansible.builtin.systemd_service": unit})
    assert "Run the driver: " in said
    assert "epd-fuse.service said: the chip answered 00" in said
