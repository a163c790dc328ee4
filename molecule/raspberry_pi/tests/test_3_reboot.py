"""A real reboot: another kernel starts, and all is there again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from virtual_pi.machine import actions

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtual_pi.machine.settings import Machine

pytestmark = pytest.mark.e2e


def test_everything_is_back_after_a_reboot(
    machine: Machine,
    owner: Any,
    pi: Callable[[str], str],
    current: Callable[[], bytes],
    wait_for: Callable[..., Any],
) -> None:
    owner.send("Before the reboot")
    kept, started = owner.history(), actions.boot_id(machine)
    actions.restart(machine)
    assert actions.boot_id(machine) not in ("", started)
    assert pi("systemctl --failed --no-legend --plain") == ""
    owner.wait_served()
    names = pi("sudo docker ps --format '{{.Names}}'").split()
    assert sorted(names) == ["inkstand-app", "inkstand-pigpiod", "inkstand-traefik"]
    assert set(owner.history()) == set(kept)
    wait_for("the message on the glass", lambda: owner.screen() == "message")
    message = wait_for("a panel", current)
    actions.press(machine)
    wait_for("the clock", lambda: owner.screen() == "clock")
    wait_for("another picture", lambda: current() not in (b"", message))
