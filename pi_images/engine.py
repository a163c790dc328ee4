"""What is asked of this machine's Docker engine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tools.common.commands import attempt, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def image_id(name: str) -> str | None:
    """Give the id of an image, None when the engine has none of that name."""
    found = attempt(["docker", "image", "inspect", "--format", "{{.Id}}", name])
    return found.strip() if found else None


def architecture(name: str) -> str:
    """Give the architecture that an image is for, as it says itself."""
    return run(["docker", "image", "inspect", "--format", "{{.Architecture}}", name]).strip()


def load(archive: Path) -> None:
    """Load the images of an archive."""
    run(["docker", "load", "--quiet", "--input", os.fspath(archive)])


def save(target: Path, names: Sequence[str]) -> None:
    """Write an archive of images."""
    run(["docker", "save", "--output", os.fspath(target), *names])


def pull(name: str, platform: str) -> None:
    """Fetch an image from its registry.

    Raises:
        CommandError: the registry has none for that platform, or is out of reach.
    """
    todo = (
        "The registry must be reachable; or name files with  docker_image_archives  (--settings)."
    )
    run(["docker", "pull", "--quiet", "--platform", platform, name], todo=todo)


def build_command(
    context: Path, name: str, platform: str, arguments: Mapping[str, str], target: str = ""
) -> list[str]:
    """Give the command that builds an image, with BuildKit where the client has it."""
    given = [part for key, value in arguments.items() for part in ("--build-arg", f"{key}={value}")]
    aim = ["--target", target] if target else []
    head = ["docker", "build", "--quiet", "--platform", platform, "--tag", name]
    return [*head, *aim, *given, os.fspath(context)]


def build(
    context: Path, name: str, platform: str, arguments: Mapping[str, str], target: str = ""
) -> None:
    """Build an image.

    Raises:
        CommandError: it could not be built.
    """
    todo = "Containers of this engine must reach Debian's archive."
    run(build_command(context, name, platform, arguments, target), todo=todo)
