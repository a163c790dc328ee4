"""Panel and button."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from inkstand_host.doctor.finding import DEPLOY, FAIL, OK, Finding, finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inkstand_host.doctor.machine import Machine

_DOCTOR_LINE = re.compile(r"^(ok|MISSING|note)\s+([^:]+): (.*)$")


def driver(machine: Machine, panel: Mapping[str, Any]) -> Iterator[Finding]:
    """Let the driver look for what it needs."""
    if panel["flavour"] != "epdfuse":
        yield _answers(machine, panel["directory"])
        return
    if panel["bus"] == "simulated":
        yield finding(OK, "SPI", "not needed: the panel is simulated")
    status, said = machine.run("epdfuse", "doctor", *_options(panel))
    yield from parse_doctor(said)
    if status and "MISSING" not in said:
        fix = f"{DEPLOY} --tags epd_driver"
        yield finding(FAIL, "driver", said.splitlines()[-1] if said else "says nothing", fix)


def _options(panel: Mapping[str, Any]) -> list[str]:
    named = {"bus": "bus", "panel": "size", "film": "film", "mountpoint": "directory"}
    if panel["bus"] == "spi":
        named["spi-device"] = "spi_device"
    return [part for name, key in named.items() for part in (f"--{name}", str(panel[key]))]


def parse_doctor(said: str) -> list[Finding]:
    """Read what `epdfuse doctor` prints: a line each, the fix in the next."""
    findings: list[Finding] = []
    for line in said.splitlines():
        if found := _DOCTOR_LINE.match(line):
            level = FAIL if found[1] == "MISSING" else OK
            findings.append(finding(level, f"panel: {found[2]}", found[3]))
        elif findings and line.strip().startswith("fix: "):
            findings[-1]["fix"] = line.strip().removeprefix("fix: ")
    return findings


def _answers(machine: Machine, directory: str) -> Finding:
    status, said = machine.run("cat", f"{directory}/panel")
    if status == 0:
        return finding(OK, "panel", said)
    return finding(FAIL, "panel", f"{directory} does not answer", "systemctl restart epd-fuse")


def gpio(machine: Machine, line: str) -> Finding:
    """Look for what the button needs."""
    if line == "simulated":
        return finding(OK, "GPIO", "not needed: the button is simulated")
    chips = machine.found("dev/gpiochip*")
    if chips:
        return finding(OK, "GPIO", f"{len(chips)} chips")
    fix = "a Raspberry Pi with its own kernel has one; else set pigpiod_line: simulated"
    return finding(FAIL, "GPIO", "there is no /dev/gpiochip*", fix)


def fuse(machine: Machine) -> Iterator[Finding]:
    """Look whether the driver may mount for everybody."""
    lines = [line.strip() for line in machine.read("etc/fuse.conf").splitlines()]
    if "user_allow_other" not in lines:
        seen = "/etc/fuse.conf does not say user_allow_other, so containers see no panel"
        yield finding(FAIL, "FUSE", seen, f"{DEPLOY} --tags epd_driver")
