"""Run the playbook, and note how long each task took."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tools.common.errors import ToolError
from tools.common.paths import ROOT
from virtual_pi import deploy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from virtual_pi.settings import VirtualPi

# The last is what is told of a task when the strategy is not one of Ansible's own.
_STARTS = (
    "v2_playbook_on_task_start",
    "v2_playbook_on_handler_task_start",
    "v2_runner_on_start",
)
# What ansible.cfg says.
DEFAULT_STRATEGY = "swift"
# Roles let these entry points of another one build their images.
_BUILDS = tuple(
    f"docker : {tasks} | "
    for tasks in ("image", "build_on_pi", "build_on_controller", "cross_build")
)
_NO_ROLE = "before the roles"


@dataclass(frozen=True)
class Task:
    """A task as the playbook came to it, and the seconds until the next one."""

    role: str
    name: str
    seconds: float


@dataclass
class Run:
    """A run of the playbook: seconds in all, its tasks, and how many of them changed something."""

    seconds: float = 0.0
    changed: int = 0
    tasks: list[Task] = field(default_factory=list)

    @property
    def roles(self) -> dict[str, float]:
        """Seconds by role, in the order in which they came."""
        found: dict[str, float] = {}
        for task in self.tasks:
            found[task.role] = found.get(task.role, 0.0) + task.seconds
        return found

    @property
    def slowest(self) -> list[Task]:
        """The tasks, slowest first; one that came several times counts once."""
        found: dict[tuple[str, str], float] = {}
        for task in self.tasks:
            key = (task.role, task.name)
            found[key] = found.get(key, 0.0) + task.seconds
        made = [Task(role, name, seconds) for (role, name), seconds in found.items()]
        return sorted(made, key=lambda task: -task.seconds)


def role_of(name: str, before: str) -> str:
    """Give the role of a task; `before` is that of the task before it.

    What builds an image counts for the role that wants it.
    """
    role, colon, _ = name.partition(" : ")
    if name.startswith(_BUILDS):
        return before
    return role if colon else _NO_ROLE


def events(lines: Iterable[str]) -> Iterator[tuple[float, dict[str, Any]]]:
    """Give what Ansible tells, line by line, with the time at which it did (seconds)."""
    for line in lines:
        if line.startswith("{"):
            yield time.monotonic(), json.loads(line)


def read(told: Iterable[tuple[float, dict[str, Any]]], begin: float) -> Run:
    """Make a run of what Ansible told since `begin`."""
    run, now, open_task = Run(), begin, ("start of Ansible", _NO_ROLE, begin)
    for now, event in told:
        if event.get("_event") in _STARTS:
            _close(run, open_task, now)
            name = event["task"]["name"]
            open_task = (name, role_of(name, open_task[1]), now)
        elif event.get("_event") == "v2_playbook_on_stats":
            run.changed = sum(host["changed"] for host in event["stats"].values())
    _close(run, open_task, now)
    run.seconds = now - begin
    return run


def _close(run: Run, task: tuple[str, str, float], now: float) -> None:
    name, role, since = task
    run.tasks.append(Task(role, name, now - since))


def play(pi: VirtualPi, strategy: str = DEFAULT_STRATEGY) -> Run:
    """Deploy to a virtual Pi, with a strategy plugin of ours or of Ansible's.

    Raises:
        ToolError: the playbook failed.
    """
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": os.fspath(ROOT / "ansible.cfg"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.jsonl",
        "ANSIBLE_STRATEGY": strategy,
    }
    begin = time.monotonic()
    with subprocess.Popen(
        deploy.command_line(pi), env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        run = read(events(process.stdout or ()), begin)
    if process.returncode:
        raise ToolError(
            f"The playbook ended with {process.returncode}.",
            todo="Run `python -m virtual_pi deploy` with the same --name to see why.",
        )
    return run
