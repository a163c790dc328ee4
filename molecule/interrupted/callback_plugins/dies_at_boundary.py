"""Let the controller die at a boundary between two tasks: no goodbye, as in a power cut."""

# mypy: disable-error-code="import-untyped, misc"

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: dies_at_boundary
type: aggregate
short_description: Ends the process without a word when so many tasks have ended
description: For tests. E(INKSTAND_DIE_AFTER) is the number of tasks; without it nothing happens.
"""
STATUS = 42


class CallbackModule(CallbackBase):
    """The plugin, as Ansible calls it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "dies_at_boundary"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._left = int(os.environ.get("INKSTAND_DIE_AFTER", "-1"))

    def _count(self, task: Any) -> None:
        if self._left == 0:
            print(f"The controller dies before: {task.get_name()}", flush=True)
            os._exit(STATUS)
        self._left -= 1

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """A task begins, so the one before has ended."""
        self._count(task)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """So does a handler."""
        self._count(task)
