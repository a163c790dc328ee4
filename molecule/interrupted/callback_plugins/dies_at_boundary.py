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
  For tests. It ends where E(INKSTAND_DIE_AFTER) tasks have ended, or with E(INKSTAND_DIE_AT_CHANGE)
  at the first boundary from there on that follows a change. Without the first nothing happens.
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
        self._least = int(os.environ.get("INKSTAND_DIE_AFTER", "-1"))
        self._at_change = "INKSTAND_DIE_AT_CHANGE" in os.environ
        self._ended = 0
        self._changed = False
        self._last = ""

    def _is_the_one(self) -> bool:
        return 0 <= self._least <= self._ended and (self._changed or not self._at_change)

    def _begin(self, task: Any) -> None:
        if self._is_the_one():
            boundary = f"after {self._last!r}, before {task.get_name()!r}"
            print(f"The controller dies at {self._ended}, {boundary}", flush=True)
            os._exit(STATUS)
        self._ended += 1
        self._changed = False
        self._last = task.get_name()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """A task begins, so the one before has ended."""
        self._begin(task)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """So does a handler."""
        self._begin(task)

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task of a host has ended well; one that only looks (`check_mode`) changed nothing."""
        self._changed |= result.is_changed() and not result.task_fields["check_mode"]
