"""The images that ours start from: of a registry, of files, or made here."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pi_images import engine, homemade
from plugins.lookup.image_archive_id import image_id
from plugins.lookup.image_archive_renamed import rename
from tools.common.commands import run
from tools.common.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pi_images.architectures import Architecture


def archive_of(
    name: str, settings: Mapping[str, Any], architecture: Architecture, *, made_here: bool
) -> Path | None:
    """Find the file that a base image comes from; None when a registry is to be asked."""
    files = {item["image"]: Path(item["path"]) for item in settings["docker_image_archives"]}
    if name in files:
        return files[name]
    return homemade.make(name, architecture) if made_here else None


def local_name(name: str, architecture: Architecture, identity: str) -> str:
    """Name a base image on this machine, where the same name may be needed for several."""
    return (
        f"inkstand/base:{name.replace(':', '-').replace('/', '-')}-{architecture.name}-{identity}"
    )


def load(archive: Path, name: str, architecture: Architecture) -> str:
    """Load a base image unless the engine has it, and give its name there.

    Whatever has the image's own name on this machine keeps it.

    Raises:
        ToolError: it is for another architecture.
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
        raise ToolError(
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
        ToolError: it is nowhere to be had.
    """
    archive = archive_of(name, settings, architecture, made_here=made_here)
    return load(archive, name, architecture) if archive else pull(name, architecture)
