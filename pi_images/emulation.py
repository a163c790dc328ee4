"""Let this machine run programs of other architectures: QEMU, by the kernel's binfmt_misc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pi_images.architectures import of_this_machine, runs_natively
from tools.common import apt
from tools.common.commands import run
from tools.common.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pi_images.architectures import Architecture

HANDLERS = Path("/proc/sys/fs/binfmt_misc")
CONFIGURATIONS = Path("/usr/lib/binfmt.d")
# Debian 12 has static emulators in the first, which serve containers, and in the second others that
# do not; in Debian 13 the first is empty.
PACKAGES = ("qemu-user-static", "qemu-user-binfmt")


def is_registered(architecture: Architecture, handlers: Path = HANDLERS) -> bool:
    """Tell whether the kernel hands programs of an architecture to an emulator, in containers too.

    In containers it does so with the flag F, with which it keeps the emulator open.
    """
    handler = handlers / architecture.emulator
    if not handler.exists():
        return False
    lines = handler.read_text().splitlines()
    flags = next((line for line in lines if line.startswith("flags:")), "")
    return lines[:1] == ["enabled"] and "F" in flags


def is_possible(architecture: Architecture) -> bool:
    """Tell whether programs of an architecture run here now."""
    return runs_natively(architecture, of_this_machine()) or is_registered(architecture)


def _packages() -> list[str]:
    apt.update()
    offered = [name for name in PACKAGES if apt.is_offered(name)]
    if not offered:
        raise ToolError(f"There is no package {' or '.join(PACKAGES)}.", todo="Install QEMU.")
    return offered


def register(
    architecture: Architecture, handlers: Path = HANDLERS, configurations: Path = CONFIGURATIONS
) -> None:
    """Do what systemd-binfmt does, where no systemd runs; what was registered before goes.

    Raises:
        ToolError: this kernel refuses.
    """
    if not (handlers / "register").exists():
        run(["mount", "-t", "binfmt_misc", "binfmt_misc", os.fspath(handlers)])
    try:
        for path in sorted(configurations.glob(f"{architecture.emulator}*.conf")):
            line = path.read_text().strip()
            if line.startswith(f":{architecture.emulator}:"):
                _remove(handlers / architecture.emulator)
                (handlers / "register").write_text(line)
    except OSError as error:
        raise _not_taken(architecture, f": {error}.") from None


def _remove(handler: Path) -> None:
    if handler.exists():
        handler.write_text("-1")


def _not_taken(architecture: Architecture, why: str = ".") -> ToolError:
    return ToolError(
        f"The kernel does not take QEMU for {architecture.name}{why}",
        todo=f"Look at {HANDLERS} and {CONFIGURATIONS}.",
    )


def require(architecture: Architecture, say: Callable[[str], None]) -> None:
    """Make sure that programs of an architecture run here, in containers too.

    Raises:
        ToolError: they do not, and this is not root or no Debian.
    """
    if is_possible(architecture):
        say("there already")
        return
    command = f"make emulation ARCH={architecture.name}"
    if os.geteuid() != 0:
        raise ToolError(
            f"This machine cannot run programs for {architecture.name}.",
            todo=f"Run `{command}` as root, once.",
        )
    register(architecture)
    if not is_registered(architecture):
        _install(architecture)
    say(f"QEMU registered for {architecture.name}")


def _install(architecture: Architecture) -> None:
    for package in _packages():
        apt.install([package])
        register(architecture)
        if is_registered(architecture):
            return
    raise _not_taken(architecture)
