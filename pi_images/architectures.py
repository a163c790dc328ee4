"""The architectures that Inkstand runs on, by Debian's names."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from tools.common.errors import ToolError


@dataclass(frozen=True)
class Architecture:
    """One architecture.

    `platform` is what an engine is asked for, `oci` and `variant` what an image of it says of
    itself, `emulator` the name of the kernel's handler for its programs (binfmt_misc).
    """

    name: str
    platform: str
    oci: str
    variant: str
    emulator: str


# A Pi Zero or 1 is ARMv6: it takes Debian's armel (ARMv5) and the official Traefik (ARMv6).
KNOWN = {
    found.name: found
    for found in (
        Architecture("amd64", "linux/amd64", "amd64", "", "qemu-x86_64"),
        Architecture("arm64", "linux/arm64", "arm64", "", "qemu-aarch64"),
        Architecture("armhf", "linux/arm/v7", "arm", "v7", "qemu-arm"),
        Architecture("armel", "linux/arm/v6", "arm", "v5", "qemu-arm"),
    )
}
MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64", "armv7l": "armhf"}


def named(name: str) -> Architecture:
    """Give an architecture by its Debian name.

    Raises:
        ToolError: Inkstand is not made for it.
    """
    if name not in KNOWN:
        raise ToolError(
            f"Inkstand is not made for the architecture {name!r}.",
            todo=f"Choose one of {', '.join(KNOWN)}: {HINT}",
        )
    return KNOWN[name]


HINT = "arm64 for a Pi 3 to 5, armhf for a Pi 2, armel for a Pi Zero or 1."


def of_this_machine(machine: str | None = None) -> str:
    """Give Debian's name of this machine's architecture."""
    machine = machine or platform.machine()
    return MACHINES.get(machine, machine)


def runs_natively(wanted: Architecture, here: str) -> bool:
    """Tell whether programs of an architecture need no emulator on a machine."""
    return wanted.name == here or (here == "arm64" and wanted.oci == "arm")
