"""Panel and button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inkstand_host.doctor.finding import DEPLOY, FAIL, OK, Finding, finding
from inkstand_host.doctor.machine import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inkstand_host.doctor.machine import Machine


def driver(machine: Machine, panel: Mapping[str, Any]) -> Iterator[Finding]:
    """Let the driver look for what it needs."""
    if panel["flavour"] != "epdfuse":
        yield _answers(machine, panel["directory"])
        return
    if panel["bus"] == "simulated":
        yield finding(OK, "SPI", "not needed: the panel is simulated")
    _, said = machine.run("epdfuse", "doctor", "--json", *_options(panel))
    lines = said.splitlines()
    told = parsed(lines[0]) if lines else None
    if told is None:
        fix = f"{DEPLOY} --tags epd_driver"
        yield finding(FAIL, "driver", lines[-1] if lines else "says nothing", fix)
        return
    for one in told:
        level = FAIL if one["well"] is False else OK
        yield finding(level, f"panel: {one['subject']}", one["seen"], one["fix"])


def _options(panel: Mapping[str, Any]) -> list[str]:
    named = {"bus": "bus", "panel": "size", "film": "film", "mountpoint": "directory"}
    if panel["bus"] == "spi":
        named["spi-device"] = "spi_device"
    return [part for name, key in named.items() for part in (f"--{name}", str(panel[key]))]


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
