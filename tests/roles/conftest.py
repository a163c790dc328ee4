"""The checker of the roles, a repository for it to check, and tasks that are run here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]

FILES = {
    "roles/lamp/meta/argument_specs.yml": """
argument_specs:
  main: &main
    options:
      lamp_colour: {description: "The C(colour).", type: str, default: red}
      lamp_key: {description: A secret., type: str}
      lamp_net: {description: A network., type: str, default: net}
      lamp_level: {description: [How bright., From 0 to 9.], type: int, default: 3}
  preflight: *main
  image:
    options:
      lamp_image: {description: What to build., type: str}
""",
    "roles/lamp/defaults/main.yml": "lamp_colour: red\nlamp_net: net\nlamp_level: 3\n",
    "roles/lamp/vars/main.yml": "__lamp_port: 1\n",
    "roles/lamp/tasks/main.yml": "- name: Switch it on\n",
    "roles/lamp/tasks/run.yml": "- name: run | Switch it on\n",
    "host_vars.example/pi.yml": """# A comment: with a colon.
# lamp_colour: red
lamp_key: ''
# lamp_level: 3
""",
    "inventory/group_vars/all/wiring.yml": "lamp_net: net\n",
}


@pytest.fixture(scope="session")
def checker(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("tools/check_role_variables.py")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one role, `lamp`, that breaks no rule."""
    for name, content in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return tmp_path


@pytest.fixture
def play_here(tmp_path: Path) -> Callable[..., testing.Run]:
    """Give a function that runs tasks on this computer.

    Programs in `tmp_path` come before those that are installed. What it takes beside the tasks
    are extra variables, and `program`, another ansible-playbook.
    """

    def run(
        tasks: Sequence[Mapping[str, object]],
        program: Path = testing.ANSIBLE_PLAYBOOK,
        **given: Any,
    ) -> testing.Run:
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "environment": {"PATH": f"{tmp_path}:/usr/bin:/bin"},
            "vars": {"ansible_python_interpreter": sys.executable},
            "tasks": tasks,
        }
        playbook = tmp_path / "play.yml"
        playbook.write_text(yaml.safe_dump([play]))
        options = ("-i", "localhost,", "-c", "local", "-e", json.dumps(given))
        return testing.play(playbook, *options, program=program, ANSIBLE_STRATEGY="linear")

    return run
