"""ARM programs on this machine, by qemu-user, with their instructions counted.

They run in an armhf Debian with all that the app's image has: it is unpacked, not installed, so
that it needs neither an engine nor the kernel's help. Debian 12's qemu-user counts, on amd64.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pi_images import homemade
from pi_images.architectures import named
from tools.common import apt, rootfs
from tools.common.commands import run
from tools.common.errors import ToolError
from tools.common.paths import CACHE, ROOT
from tools.common.steps import step

if TYPE_CHECKING:
    from collections.abc import Sequence

PLUGIN = Path(__file__).with_name("instructions.c")
DOCKERFILE = ROOT / "images" / "app" / "Dockerfile"
# Programs, and the packages that they come from.
NEEDED = {
    "qemu-arm": ("qemu-user",),
    "cc": ("gcc", "libc6-dev"),
    "mmdebstrap": ("mmdebstrap",),
}
_THREADS = 1024
_FONT_CACHE = "/usr/bin/fc-cache"
# Arguments: a root file system, places of this machine that it sees, --, and a command for this
# machine's qemu-arm. (Its option -L would need no chroot, but statx, say, gets by.)
_ENTER = """
root=$1
shift
while [ "$1" != -- ]; do mkdir -p "$root$1"; mount --rbind "$1" "$root$1"; shift; done
shift
mkdir -p "$root/host"
mount --rbind / "$root/host"
libraries=/host/lib/x86_64-linux-gnu
exec chroot "$root" $libraries/ld-linux-x86-64.so.2 --library-path $libraries \\
  /host/usr/bin/qemu-arm "$@"
"""


@dataclass(frozen=True)
class Counter:
    """How many instructions a program has executed so far, in all its threads."""

    path: Path

    def read(self) -> int:
        """Return the number, which grows while the program runs."""
        return sum(struct.unpack(f"{_THREADS}Q", self.path.read_bytes()))


@dataclass(frozen=True)
class Emulator:
    """Runs programs in an armhf root file system with the plugin that counts.

    They see this repository and the plugin's folder.
    """

    root: Path
    plugin: Path

    def python(self, counts: Path) -> tuple[list[str], Counter]:
        """Return the command of the ARM Python, and the counter that is new at `counts`."""
        counts.write_bytes(bytes(struct.calcsize(f"{_THREADS}Q")))
        options = ["-plugin", f"{self.plugin},counts={counts}"]
        places = [ROOT, self.plugin.parent]
        return _inside(self.root, places, *options, "/usr/bin/python3"), Counter(counts)


def emulator(folder: Path) -> Emulator:
    """Return what runs ARM programs here; makes and installs what it needs (root).

    Raises:
        ToolError: something cannot be had, or this is not root.
    """
    if os.geteuid() != 0:
        raise ToolError("Only root can run programs in another root.", todo="Run this as root.")
    missing = [each for name in NEEDED if not shutil.which(name) for each in NEEDED[name]]
    if missing:
        with step(f"Install {' '.join(missing)}"):
            apt.update()
            apt.install(missing)
    plugin = folder / "instructions.so"
    run(["cc", "-shared", "-fPIC", "-O2", "-o", os.fspath(plugin), os.fspath(PLUGIN)])
    return Emulator(_root(), plugin)


def packages(dockerfile: str) -> list[str]:
    """Return what a Dockerfile has apt install, a package a line."""
    found = re.search(r"--no-install-recommends \\\n((?: +[a-z0-9.+-]+ \\\n)+)", dockerfile)
    return found[1].replace("\\", "").split() if found else []


def _root() -> Path:
    wanted = packages(DOCKERFILE.read_text())
    key = rootfs.key(" ".join([*rootfs.MMDEBSTRAP, _FONT_CACHE, *wanted]).encode())
    root = CACHE / f"app-{rootfs.SUITE}-armhf-{key}"
    with step("Unpack the app's Debian packages for armhf") as remark, rootfs.alone():
        if not rootfs.built(root, lambda path: _unpack(path, wanted)):
            remark("there already")
    return root


def _unpack(root: Path, wanted: Sequence[str]) -> None:
    options = ["--variant=extract", "--format=directory", f"--include={','.join(wanted)}"]
    homemade.debootstrap(root, named("armhf"), *options)
    (root / "lib").symlink_to("usr/lib")
    run(_inside(root, [], _FONT_CACHE, "--really-force"))


def _inside(root: Path, places: Sequence[Path], *command: str) -> list[str]:
    shown = [os.fspath(place) for place in (Path("/proc"), Path("/dev"), *places)]
    own = ["unshare", "--mount", "--propagation", "private"]
    return [*own, "sh", "-ec", _ENTER, "sh", os.fspath(root), *shown, "--", *command]
