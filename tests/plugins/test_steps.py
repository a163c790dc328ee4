"""A run is a line for each step, and nothing that somebody has to skip over."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
Play = subprocess.CompletedProcess[str]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("task", "role", "phase"),
    [
        ("docker : install | Add the package", "docker", "install"),
        ("inkstand.appliance.docker : run | Start it", "docker", "run"),
        ("docker : Validating arguments against arg spec 'main'", "docker", ""),
        ("Gathering Facts", "", "Gathering Facts"),
    ],
)
def test_a_task_is_of_a_step(steps: Any, task: str, role: str, phase: str) -> None:
    assert steps.names(task) == (role, phase)


@pytest.mark.unit
def test_a_step_ends_with_its_time_and_its_changes(steps: Any) -> None:
    step = steps.Step("docker", "install", 10.0)
    assert steps.ending(step, 10.4, alone=True) == ""
    step.changes = Counter(kitchen=2, library=1)
    assert steps.ending(step, 85.0, alone=False).split("   ")[-1] == (
        "2 changes on kitchen, 1 change on library"
    )
    assert "1 min 15 s" in steps.ending(step, 85.0, alone=True)


@pytest.mark.unit
def test_what_is_secret_is_not_said(steps: Any) -> None:
    hidden = {"msg": "x", "censored": "the output has been hidden"}
    assert steps.said("ansible.builtin.debug", hidden) == []
    assert steps.said("ansible.builtin.debug", {"msg": ["a", "b\nc"]}) == ["a", "b", "c"]
    assert steps.said("ansible.builtin.assert", {"msg": "All assertions passed"}) == []
    assert steps.said("ansible.builtin.command", {"msg": "x"}) == []


TASKS: dict[str, dict[str, Any]] = {
    "install | Do nothing": {"ansible.builtin.debug": {"msg": "A word."}},
    "install | Change a thing": {
        "ansible.builtin.command": {"argv": ["true"]},
        "changed_when": True,
    },
    "install | Be skipped": {"ansible.builtin.debug": {"msg": "never"}, "when": False},
    "configure | Write a file": {
        "ansible.builtin.copy": {"content": "new line\n", "dest": "{{ place }}", "mode": "0644"},
    },
    "verify | Fail where it is said": {
        "ansible.builtin.fail": {"msg": "First line.\nSecond line."},
        "when": "inventory_hostname in broken",
    },
    "verify | Tell the owner": {
        "ansible.builtin.set_stats": {
            "data": {
                "inkstand_summary": {"panel": "of {{ inventory_hostname }}"},
                "inkstand_next": ["Look at it."],
            },
            "per_host": True,
        }
    },
}


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., Play]:
    """Give a function that plays a role for two hosts, and gives what was printed."""
    role = tmp_path / "roles" / "lamp" / "tasks"
    role.mkdir(parents=True)
    tasks = [{"name": name, **task} for name, task in TASKS.items()]
    (role / "main.yml").write_text(json.dumps(tasks))
    one = {"hosts": "all", "name": "Lamps", "gather_facts": False, "roles": ["lamp"]}
    (tmp_path / "play.yml").write_text(json.dumps([one]))
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {"one": host, "two": host}
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts}}))
    settings = {"place": str(tmp_path / "{{ inventory_hostname }}"), "broken": []}

    def run(*options: str, **more: object) -> Play:
        given = json.dumps({**settings, **more})
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        inventory = str(tmp_path / "hosts.yml")
        return subprocess.run(
            [program, str(tmp_path / "play.yml"), "-i", inventory, "-e", given, *options],
            cwd=tmp_path,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("ANSIBLE_")},
                "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
                "ANSIBLE_ROLES_PATH": str(tmp_path / "roles"),
                "ANSIBLE_STRATEGY": "linear",
                "ANSIBLE_NOCOLOR": "1",
            },
            check=False,
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.integration
def test_a_run_of_two_hosts_is_a_line_a_step_and_then_what_the_owner_wants(
    play: Callable[..., Play],
) -> None:
    done = play("--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "Lamps: one, two" in lines
    (install,) = [line for line in lines if re.match(r"  lamp +install +.*change", line)]
    assert install.endswith("1 change on one, 1 change on two")
    assert "    A word." in lines
    assert "+new line" in lines
    assert "never" not in done.stdout
    assert [line.split() for line in lines[-6:]] == [
        ["one", "updated", "(2", "changes)"],
        ["panel", "of", "one"],
        ["to", "do", "Look", "at", "it."],
        ["two", "updated", "(2", "changes)"],
        ["panel", "of", "two"],
        ["to", "do", "Look", "at", "it."],
    ]
    assert "PLAY RECAP" not in done.stdout


@pytest.mark.integration
def test_of_a_dry_run_with_a_broken_host_the_end_says_which_task_and_why(
    play: Callable[..., Play],
) -> None:
    done = play("--check", broken=["two"])
    assert done.returncode != 0
    assert "Lamps: one, two, without changing anything" in done.stdout
    assert "  FAILED on two: lamp : verify | Fail where it is said" in done.stdout
    told = done.stdout.partition("What became of each host\n")[2].splitlines()
    assert told[0] == "  one  would change"
    (at,) = [number for number, line in enumerate(told) if line.startswith("  two")]
    assert told[at] == "  two  FAILED at lamp : verify | Fail where it is said"
    assert [line.strip() for line in told[at + 1 : at + 3]] == ["First line.", "Second line."]


@pytest.mark.integration
def test_with_v_it_is_the_output_of_ansible(play: Callable[..., Play]) -> None:
    done = play("-v")
    assert "TASK [lamp : install | Change a thing]" in done.stdout
    assert "PLAY RECAP" in done.stdout
