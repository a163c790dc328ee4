"""Like `linear`, with one Python that stays on the Pi instead of a new one for each task.

Where the package mitogen is not installed, or the connection is one that it does not know, it is
just `linear`.
"""

# mypy: disable-error-code="import-untyped, import-not-found, misc"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.plugins.loader import strategy_loader
from ansible.utils.display import Display

if TYPE_CHECKING:
    Linear = Any
else:
    Linear = strategy_loader.get("linear", class_only=True)

DOCUMENTATION = """
name: swift
short_description: Runs tasks like C(linear), several times as fast
description:
  - Starts Python once on the host and keeps it, by way of mitogen. To start it is most of what a
    Pi does in a run that changes nothing.
  - "To do without it: C(ANSIBLE_STRATEGY=linear ansible-playbook playbook.yml)."
author: The Inkstand authors
"""

try:
    from ansible_mitogen import affinity
    from ansible_mitogen.strategy import StrategyMixin
except ImportError:
    Display().warning("swift: mitogen is not installed (tools/setup deploy), so it is like linear")

    class StrategyModule(Linear):
        """The plugin without mitogen."""

else:
    # It would bind what a run starts to some of the processors; of two, a virtual Pi to one for
    # its life.
    affinity.policy = affinity.Policy()

    class StrategyModule(StrategyMixin, Linear):  # type: ignore[no-redef]
        """The plugin, as Ansible calls it."""
