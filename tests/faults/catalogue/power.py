"""The cord is pulled, and put back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.faults.fault import Act, Fault, Kind
from tools.common.commands import run

if TYPE_CHECKING:
    from tests.faults.appliance import Appliance


def _cut(appliance: Appliance) -> None:
    """Kill all that runs on it at once; of what was written nothing is flushed by anybody."""
    run(["docker", "kill", appliance.pi.name])


def _start(appliance: Appliance) -> None:
    run(["docker", "start", appliance.pi.name])
    appliance.locate()


def _cut_while_it_starts(seconds: float) -> Act:
    def cut(appliance: Appliance) -> None:
        _cut(appliance)
        _start(appliance)
        time.sleep(seconds)
        _cut(appliance)

    return cut


def _reboot(appliance: Appliance) -> None:
    run(["docker", "stop", "--time", "30", appliance.pi.name])


def _power(what: str, cut: Act) -> Fault:
    return Fault(f"power: {what}", Kind.POWER, cut, _start, lasts=0.5)


FAULTS = (
    _power("cut", _cut),
    _power("cut, and again 2 s after it is back", _cut_while_it_starts(2)),
    _power("cut, and again 6 s after it is back", _cut_while_it_starts(6)),
    _power("shut down and started", _reboot),
)
