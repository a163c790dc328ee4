"""The cord is pulled, and put back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.faults.fault import Act, Fault, Kind
from tools.common.commands import run

if TYPE_CHECKING:
    from tests.faults.appliance import Appliance

_STARTING = (0.5, 5.0)


def _cut(appliance: Appliance) -> None:
    """Kill all that runs on it at once; of what was written nothing is flushed by anybody."""
    run(["docker", "kill", appliance.pi.name])


def _start(appliance: Appliance) -> None:
    run(["docker", "start", appliance.pi.name])
    appliance.locate()


def _cut_while_it_starts(appliance: Appliance) -> None:
    """Cut it at any moment of a start, which takes three seconds, and soon after it."""
    _cut(appliance)
    _start(appliance)
    time.sleep(appliance.chance.uniform(*_STARTING))
    _cut(appliance)


def _reboot(appliance: Appliance) -> None:
    run(["docker", "stop", "--time", "30", appliance.pi.name])


def _power(what: str, cut: Act) -> Fault:
    return Fault(f"power: {what}", Kind.POWER, cut, _start, lasts=0.5)


FAULTS = (
    _power("cut", _cut),
    _power("cut, and again while it starts", _cut_while_it_starts),
    _power("shut down and started", _reboot),
)
