"""Debian packages that are needed here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from virtual_pi.commands import run
from virtual_pi.engine import has_program

if TYPE_CHECKING:
    from collections.abc import Callable

# Program: package. The keyring comes along so that an old Debian knows the keys of Debian 13.
PACKAGES = {
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-img": "qemu-utils",
    "mmdebstrap": "mmdebstrap debian-archive-keyring",
    "mkfs.ext4": "e2fsprogs",
    "ssh": "openssh-client",
    "curl": "curl",
    # mmdebstrap asks it whether this machine runs programs of arm64.
    "arch-test": "arch-test",
}


def missing_packages(has: Callable[[str], bool]) -> list[str]:
    """Name the Debian packages to install."""
    lists = [packages.split() for program, packages in PACKAGES.items() if not has(program)]
    return [package for packages in lists for package in packages]


def install(say: Callable[[str], None]) -> None:
    """Install what is missing, with apt.

    Raises:
        VirtualPiError: apt could not, or this machine has no apt.
    """
    need = missing_packages(has_program)
    if need:
        todo = "`apt-get update` must work on this machine."
        run(["apt-get", "update"], todo=todo)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        argv = ["apt-get", "install", "--yes", "--no-install-recommends", *need]
        run(argv, todo=todo, env=environment)
        say(f"installed {' '.join(need)}")
