"""Debian packages that are needed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.common import apt
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
        ToolError: apt could not, or this machine has no apt.
    """
    need = missing_packages(has_program)
    if need:
        apt.update()
        apt.install(need)
        say(f"installed {' '.join(need)}")
