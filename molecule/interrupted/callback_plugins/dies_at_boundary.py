"""Let the controller die at a boundary between two tasks: no goodbye, as in a power cut."""

# mypy: disable-error-code="import-untyped, misc"

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: dies_at_boundary
type: aggregate
short_description: Ends the process without a word between two tasks
description:
  For tests. E(INKSTAND_DIE_AFTER) is the number of tasks that end before; C(change) is the first
  task that changed something. Without it nothing happens.
"""
STATUS = 42
FIRST_CHANGE = "change"


class CallbackModule(CallbackBase):
    """The plugin, as Ansible calls it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "dies_at_boundary"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        said = os.environ.get("INKSTAND_DIE_AFTER", "-1")
        self._at_change = said == FIRST_CHANGE
        self._left = -1 if self._at_change else int(said)
        self._last = ""

    def _begin(self, task: Any) -> None:
        if self._left == 0:
            print(
                f"The controller dies after {self._last!r}, before: {task.get_name()}", flush=True
            )
            os._exit(STATUS)
        self._left -= 1
        self._last = task.get_name()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """A task begins, so the one before has ended."""
        self._begin(task)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """So does a handler."""
        self._begin(task)

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task of a host has ended well; one that only looks (`check_mode`) changed nothing."""
        if self._at_change and result.is_changed() and not result.task_fields["check_mode"]:
            self._left = 0
