"""The Debian packages that a Pi needs, as a repository that apt reads from a directory."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.common.commands import attempt, run
from tools.common.errors import ToolError
from tools.common.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SCRIPT = ROOT / "pi_images" / "repository.sh"
TODO = "Containers of this engine must reach Debian's archive."


@dataclass(frozen=True)
class Origin:
    """Where a Pi's packages come from, when not from Debian: apt sources, and an architecture."""

    sources: Path | None = None
    architecture: str = ""


DEBIAN = Origin()


@contextmanager
def _container(options: Sequence[str], base: str, command: Sequence[str]) -> Iterator[str]:
    name = run(["docker", "create", *options, "--entrypoint", "sh", base, *command]).strip()
    try:
        yield name
    finally:
        attempt(["docker", "rm", "--force", "--volumes", name])


def _sources_into(name: str, sources: Path) -> None:
    """Let a container ask the archives that a Pi asks, instead of its own."""
    place = "/etc/apt/sources.list.d/debian.sources"
    if sources.suffix == ".list":
        place = "/etc/apt/sources.list"
    run(["docker", "cp", os.fspath(sources), f"{name}:{place}"])


def write_repository(
    target: Path, base: str, platform: str, names: Sequence[str], origin: Origin = DEBIAN
) -> None:
    """Write a tar of `repository/`: packages, all that they depend on, and `Packages`.

    They come from the archives that the base image is set up for, unless `origin` says others.

    Raises:
        CommandError: a package is unknown, or the archives are out of reach.
    """
    options = ["--platform", platform, "--env", f"PI_ARCHITECTURE={origin.architecture}"]
    with _container(options, base, ["/tmp/repository.sh", *names]) as name:  # noqa: S108
        run(["docker", "cp", os.fspath(SCRIPT), f"{name}:/tmp/repository.sh"])
        if origin.sources:
            _sources_into(name, origin.sources)
        run(["docker", "start", "--attach", name], todo=TODO)
        _copy_out(name, target)


def _copy_out(name: str, target: Path) -> None:
    run(["sh", "-c", 'docker cp "$1:/repository" - >"$2"', "sh", name, os.fspath(target)])
    if target.stat().st_size == 0:
        raise ToolError("The container gave no packages.", todo=TODO)


def _field(stanza: str, name: str) -> str:
    found = re.search(rf"(?m)^{name}: (.*)$", stanza)
    return found[1] if found else "?"


def listed(packages: str) -> list[str]:
    """List what a file `Packages` has, each as name, version and architecture."""
    return [
        " ".join(_field(stanza, name) for name in ("Package", "Version", "Architecture"))
        for stanza in packages.split("\n\n")
        if stanza.strip()
    ]
