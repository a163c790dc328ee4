"""Debian packages that are needed here, and programs of arm64 on another processor."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from virtual_pi.commands import attempt, run
from virtual_pi.engine import has_program
from virtual_pi.errors import VirtualPiError

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
}
EMULATOR = {"qemu-aarch64-static": "qemu-user-static", "arch-test": "arch-test"}
BINFMT = Path("/proc/sys/fs/binfmt_misc")
FORMAT = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")


def missing_packages(has: Callable[[str], bool], *, native: bool) -> list[str]:
    """Name the Debian packages to install; `native`: this machine runs programs of arm64 itself."""
    needed = PACKAGES if native else {**PACKAGES, **EMULATOR}
    lists = [packages.split() for program, packages in needed.items() if not has(program)]
    return [package for packages in lists for package in packages]


def is_native() -> bool:
    """Tell whether this machine runs programs of arm64 itself."""
    return platform.machine() == "aarch64"


def install(say: Callable[[str], None]) -> None:
    """Install what is missing, with apt.

    Raises:
        VirtualPiError: apt could not, or this machine has no apt.
    """
    need = missing_packages(has_program, native=is_native())
    if need:
        todo = "`apt-get update` must work on this machine."
        run(["apt-get", "update"], todo=todo)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        argv = ["apt-get", "install", "--yes", "--no-install-recommends", *need]
        run(argv, todo=todo, env=environment)
        say(f"installed {' '.join(need)}")


def enable_foreign_programs(binfmt: Path = BINFMT, entry: Path = FORMAT) -> None:
    """Let the kernel run programs of arm64 by qemu-user, as systemd does when it starts.

    Raises:
        VirtualPiError: this kernel cannot, or the package has no such entry.
    """
    if is_native() or (binfmt / "qemu-aarch64").exists():
        return
    if not (binfmt / "register").exists():
        attempt(["mount", "-t", "binfmt_misc", "binfmt_misc", os.fspath(binfmt)])
    try:
        (binfmt / "register").write_text(entry.read_text().strip())
    except OSError as error:
        raise VirtualPiError(
            f"This machine cannot run programs of arm64: {error}.",
            todo="The kernel needs binfmt_misc; Debian's package qemu-user-static must be there.",
        ) from None
