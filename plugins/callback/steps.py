"""Show a run as an owner reads it: a line for each step of each role, with its time and changes."""

# mypy: disable-error-code="import-untyped, misc"

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.callback.default import CallbackModule as Default
from ansible.release import __version__ as ansible_version

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTATION = """
name: steps
type: stdout
short_description: A line for each step of a run
description:
  - Tasks that are named C(phase | What it does) and follow each other are one step of their role.
  - Says what failed, what a task wants to tell, and with C(--diff) how files differ.
    What is unchanged or skipped is not told.
  - With C(-v) it is Ansible's own output.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
requirements:
  - Set as stdout_callback.
"""

OLDEST_ANSIBLE = (2, 19)
MINUTE = 60
# A step that took less, in seconds, and changed nothing is not told.
LONG = 1.0
# What an assertion says that has nothing to say.
SILENT = {"All assertions passed", "All items completed"}


@dataclass
class Step:
    """Tasks of one phase of one role, and how many of them changed something, by host."""

    role: str
    phase: str
    begin: float
    shown: bool = False
    changes: Counter[str] = field(default_factory=Counter)

    @property
    def label(self) -> str:
        """The columns that name it."""
        return f"  {self.role:<11} {self.phase:<16}" if self.role else f"  {self.phase:<28}"


def names(task: str) -> tuple[str, str]:
    """Give role and phase of a task: `docker : install | Add the package` is docker, install."""
    role, there, rest = task.rpartition(" : ")
    if not there:
        return "", task
    phase, _, _ = rest.rpartition(" | ")
    return role.rpartition(".")[2], phase


def duration(seconds: float) -> str:
    """Say how long something took; nothing when it was under a second."""
    if seconds < 1:
        return ""
    minutes, rest = divmod(round(seconds), MINUTE)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def changed(changes: Mapping[str, int], *, alone: bool) -> str:
    """Say what was changed, and on which host when there are several."""
    told = [
        f"{n} change{'s' if n != 1 else ''}{'' if alone else f' on {host}'}"
        for host, n in sorted(changes.items())
    ]
    return ", ".join(told)


def ending(step: Step, now: float, *, alone: bool) -> str:
    """Give the columns that say how a step ended."""
    return f"{duration(now - step.begin):>12}   {changed(step.changes, alone=alone)}".rstrip()


def said(action: str, result: Mapping[str, Any]) -> list[str]:
    """Give the lines that a task has for whoever runs it."""
    name = action.rpartition(".")[2]
    if "censored" in result or name not in {"debug", "assert"}:
        return []
    told = result.get("msg", "")
    if name == "debug" and "msg" not in result:
        told = next((v for k, v in result.items() if not k.startswith("_") and k != "changed"), "")
    texts = told if isinstance(told, list) else [told]
    lines = [line for text in texts for line in str(text).splitlines()]
    return [line for line in lines if line and line not in SILENT]


def is_old(version: str) -> bool:
    """Tell whether a version of ansible-core is older than what Inkstand is tested with."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST_ANSIBLE


class CallbackModule(Default):
    """The plugin, as Ansible calls it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "steps"

    def __init__(self) -> None:
        super().__init__()
        self._step: Step | None = None
        self._hosts: list[str] = []
        self._is_open = False

    def set_options(self, *args: Any, **kwargs: Any) -> None:
        """Refuse an Ansible that would get something wrong, before the run begins."""
        if is_old(ansible_version):
            oldest = ".".join(map(str, OLDEST_ANSIBLE))
            raise AnsibleError(
                f"Inkstand needs ansible-core {oldest} or newer, and this is {ansible_version}. "
                "tools/setup deploy  installs one in .venv."
            )
        super().set_options(*args, **kwargs)

    @property
    def _is_verbose(self) -> bool:
        return bool(self._display.verbosity)

    def _end_line(self) -> None:
        """Let what follows begin in a line of its own."""
        if self._is_open:
            self._display.display("")
            self._is_open = False

    def _print(self, line: str, color: str | None = None) -> None:
        self._end_line()
        self._display.display(line, color=color)

    def _show(self) -> None:
        """Show that a step is under way, once there is something to tell of it."""
        step = self._step
        if not step or step.shown or self._hosts == ["localhost"]:
            return
        if step.changes or time.monotonic() - step.begin >= LONG:
            self._end_line()
            self._display.display(step.label, newline=False)
            step.shown = self._is_open = True

    def _close(self) -> None:
        """Say how the step ended that was under way."""
        step, self._step = self._step, None
        if not step or not step.shown:
            return
        told = ending(step, time.monotonic(), alone=len(self._hosts) == 1)
        color = constants.COLOR_CHANGED if step.changes else constants.COLOR_OK
        self._display.display(told if self._is_open else step.label + told, color=color)
        self._is_open = False

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Note whom the play is about."""
        if self._is_verbose:
            super().v2_playbook_on_play_start(play)
            return
        self._play = play
        self._close()
        told = play.get_variable_manager().get_vars(play=play)
        self._hosts = list(told.get("ansible_play_hosts_all", []))
        if self._hosts and self._hosts != ["localhost"]:
            check = ", without changing anything" if told.get("ansible_check_mode") else ""
            self._print(f"\n{play.get_name().strip()}: {', '.join(self._hosts)}{check}")

    def _task_start(self, task: Any, prefix: str | None = None) -> None:
        if self._is_verbose:
            super()._task_start(task, prefix)
            return
        self._last_task_name = task.get_name().strip()
        # Ansible shows a banner above a difference unless it did so for this task.
        self._last_task_banner = task._uuid  # noqa: SLF001
        self._go_on(*names(self._last_task_name))
        self._show()

    def _go_on(self, role: str, phase: str) -> None:
        """Stay in the step if the next task is of it; end it and begin another if not."""
        step = self._step
        if step and role and role == step.role and not (phase and step.phase):
            # Of a role, what has no phase belongs to what is beside it.
            step.phase = step.phase or phase
        elif not step or (step.role, step.phase) != (role, phase):
            self._close()
            self._step = Step(role, phase, time.monotonic())

    def v2_runner_on_ok(self, result: Any) -> None:
        """Count a change, and say what the task has to say."""
        if self._is_verbose:
            super().v2_runner_on_ok(result)
            return
        self._handle_warnings(result.result)
        if result.task.action.rpartition(".")[2] == "set_stats":
            return
        if self._step and result.result.get("changed"):
            self._step.changes[result.host.get_name()] += 1
        self._show()
        self._tell(result)

    def _tell(self, result: Any) -> None:
        lines = said(result.task.action, result.result)
        if lines and len(self._hosts) > 1:
            self._print(f"    {result.host.get_name()}")
        for line in lines:
            self._print(f"    {line}")

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Say nothing of an item: its task is told."""
        if self._is_verbose:
            super().v2_runner_item_on_ok(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Say at once that something failed; the end of the run says why."""
        if self._is_verbose:
            super().v2_runner_on_failed(result, ignore_errors)
            return
        self._handle_warnings(result.result)
        if not ignore_errors:
            if self._step and not self._step.changes:
                self._step.shown = False
            where = f"FAILED on {result.host.get_name()}: {result.task.get_name().strip()}"
            self._print(f"  {where}", constants.COLOR_ERROR)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        """Say nothing of an item: its task is told."""
        if self._is_verbose:
            super().v2_runner_item_on_failed(result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Say at once that a host is away."""
        if self._is_verbose:
            super().v2_runner_on_unreachable(result)
            return
        if not result.task.ignore_unreachable:
            self._print(f"  UNREACHABLE: {result.host.get_name()}", constants.COLOR_UNREACHABLE)

    def v2_runner_retry(self, result: Any) -> None:
        """Say nothing of a wait: it shows in the time of its step."""
        if self._is_verbose:
            super().v2_runner_retry(result)

    def v2_playbook_on_include(self, included_file: Any) -> None:
        """Say nothing of files: steps are named after them."""
        if self._is_verbose:
            super().v2_playbook_on_include(included_file)

    def v2_on_file_diff(self, result: Any) -> None:
        """Show with `--diff` how a file differs."""
        if not self._is_verbose:
            self._end_line()
        super().v2_on_file_diff(result)

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        """Say nothing: the end of the run says what became of each host."""
        if self._is_verbose:
            super().v2_playbook_on_no_hosts_remaining()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """End the last step; `closing_report` says the rest."""
        if self._is_verbose:
            super().v2_playbook_on_stats(stats)
            return
        self._close()
