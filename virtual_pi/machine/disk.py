"""The disk that all machines start from, built once and kept; and the disks of one machine."""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from tools.common.commands import run
from tools.common.paths import CACHE
from tools.common.rootfs import SUITE, alone, key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from virtual_pi.machine.settings import Machine

ARCHITECTURE = "arm64"
SIZE = "8G"
# What a Raspberry Pi OS Lite has before Inkstand comes, and no Docker: the playbook installs that.
PACKAGES = (
    *(
        "ca-certificates",
        "dbus",
        "e2fsprogs",
        "initramfs-tools",
        "iproute2",
        "iputils-ping",
        "kmod",
    ),
    *("linux-image-arm64", "login", "openssh-server", "procps", "python3", "python3-apt", "sudo"),
    *("systemd", "systemd-sysv", "tzdata", "udev"),
)
OPTIONS = (
    *("--variant=minbase", f"--architectures={ARCHITECTURE}", "--quiet", "--format=directory"),
    # The package lists stay, as on a Pi: what is as young as this is taken for up to date.
    *("--skip=cleanup/apt/lists", f"--include={','.join(PACKAGES)}"),
)
HERE = Path(__file__).resolve().parent
CUSTOMIZE = HERE / "customize"


def _hook(phase: str) -> str:
    return f'{shlex.quote(os.fspath(CUSTOMIZE))} {phase} "$1"'


def _recipe() -> list[str]:
    """Give the command, but for the suite and the target.

    What it mounts below the target is seen by nobody else, and goes with it however it ends: the
    next build may then remove what is left.
    """
    hooks = (f"--essential-hook={_hook('initrd')}", f"--customize-hook={_hook('system')}")
    return ["unshare", "--mount", "mmdebstrap", *OPTIONS, *hooks]


def folder(cache: Path = CACHE) -> Path:
    """Name the directory in the cache: it holds `disk.raw`, `vmlinuz` and `initrd`."""
    files = [path.read_bytes() for path in (CUSTOMIZE, *sorted((HERE / "files").iterdir()))]
    recipe = " ".join((SUITE, SIZE, *OPTIONS)).encode()
    return cache / f"machine-{key(recipe, *files)}"


def _only(paths: list[Path]) -> Path:
    (found,) = paths
    return found


def _build(target: Path) -> None:
    root = target / "root"
    todo = "Debian's archive must be reachable, and debian-archive-keyring up to date."
    run([*_recipe(), SUITE, os.fspath(root)], todo=todo)
    shutil.copy(_only(list((root / "boot").glob("vmlinuz-*"))), target / "vmlinuz")
    shutil.copy(_only(list((root / "boot").glob("initrd.img-*"))), target / "initrd")
    disk = os.fspath(target / "disk.raw")
    run(["mkfs.ext4", "-q", "-L", "root", "-d", os.fspath(root), disk, SIZE])
    shutil.rmtree(root)


def make_base(say: Callable[[str], None], cache: Path = CACHE) -> Path:
    """Give the directory with the disk that all machines start from, built when there is none.

    It gets its name only when it is whole, so an interrupted build leaves nothing that looks done.
    """
    path = folder(cache)
    with alone(cache):
        if path.exists():
            say("from the cache")
            return path
        unfinished = path.with_name(f".{path.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        _build(unfinished)
        unfinished.replace(path)
    say("built")
    return path


def make_disk(machine: Machine, base: Path) -> None:
    """Make the disk of one machine: it keeps what differs from `base`."""
    backing = os.fspath((base / "disk.raw").resolve())
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", backing]
    run([*argv, os.fspath(machine.disk)])


def base_of(machine: Machine) -> Path:
    """Give the directory in the cache that a machine was made of; its kernel lies there."""
    said = json.loads(run(["qemu-img", "info", "-U", "--output=json", os.fspath(machine.disk)]))
    return Path(said["full-backing-filename"]).parent


def write_seed(machine: Machine, files: Mapping[str, bytes]) -> None:
    """Write the second disk, which only its owner can read: a tar archive of `files`."""
    machine.seed.unlink(missing_ok=True)
    machine.seed.touch(mode=0o600)
    with tarfile.open(machine.seed, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o600
            archive.addfile(info, io.BytesIO(content))
