"""One archive for a Pi without internet: images and Debian packages, with checksums.

Format 1: a tar of `manifest.json`, `images.tar.gz` (of `docker save`) and `packages.tar`
(`repository/` with packages and a file `Packages`).
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pi_images import bases, emulation, engine, packages, sources
from pi_images.settings import packages as packages_of_roles
from plugins.lookup.bundle import FORMAT
from plugins.lookup.image_archive_id import image_id
from plugins.lookup.image_archive_renamed import rename
from tools.common.paths import BASE_IMAGE
from tools.common.steps import step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pi_images.architectures import Architecture

IMAGES = "images.tar.gz"
PACKAGES = "packages.tar"


@dataclass(frozen=True)
class Wish:
    """What a bundle is to be: for which Pi, with which settings, and where things come from."""

    architecture: Architecture
    settings: Mapping[str, Any]
    made_here: bool = False
    origin: packages.Origin = packages.DEBIAN


def build_images(wish: Wish) -> dict[str, str]:
    """Build what is missing: names on this machine, and for each the name on a Pi.

    Raises:
        ToolError: something could not be had or built.
    """
    with step(f"Let this machine run programs for {wish.architecture.name}") as remark:
        emulation.require(wish.architecture, remark)
    names: dict[str, str] = {}
    for source in sources.sources(wish.settings):
        names |= _build_image(wish, source)
    return names


def _build_image(wish: Wish, source: sources.Source) -> dict[str, str]:
    with step(f"Get {source.base} for {wish.architecture.name}"):
        base = bases.get(source.base, wish.settings, wish.architecture, made_here=wish.made_here)
    with step(f"Build {source.part} {source.target}".rstrip()) as remark:
        if not sources.build(source, wish.architecture, base):
            remark("there already")
    return {base: source.base, source.name_for(wish.architecture): source.name}


def _write_images(target: Path, names: Mapping[str, str]) -> list[dict[str, str]]:
    """Write the archive of images with their names on a Pi, and list these with their ids."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        saved = Path(folder) / "saved.tar"
        engine.save(saved, list(names))
        rename(saved, target, names, compression=6)
        return [{"name": new, "id": image_id(saved, old)} for old, new in names.items()]


def _part(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def write(target: Path, about: Mapping[str, Any], parts: Sequence[Path]) -> None:
    """Write a bundle of parts; it gets its name only when it is whole."""
    content = {"format": FORMAT, **about, "parts": {path.name: _part(path) for path in parts}}
    encoded = json.dumps(content, indent=2).encode() + b"\n"
    unfinished = target.with_name(f".{target.name}.unfinished")
    with tarfile.open(unfinished, "w") as archive:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(encoded)
        archive.addfile(info, io.BytesIO(encoded))
        for path in parts:
            archive.add(path, path.name)
    unfinished.replace(target)


def _listed(repository: Path) -> list[str]:
    """List the packages of a repository, each as name, version and architecture."""
    with tarfile.open(repository) as archive:
        content = archive.extractfile("repository/Packages")
        assert content  # noqa: S101  (the script that wrote it ended well)
        text = content.read().decode()
    return packages.listed(text)


def make(target: Path, wish: Wish) -> None:
    """Make a bundle.

    Raises:
        ToolError: something could not be had or built.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    names = build_images(wish)
    debian = next(local for local, name in names.items() if name == _debian(wish.settings))
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        images, repository = Path(folder) / IMAGES, Path(folder) / PACKAGES
        wanted = packages_of_roles(wish.settings)
        with step(f"Fetch {len(wanted)} Debian packages and what they need") as remark:
            platform = wish.architecture.platform
            packages.write_repository(repository, debian, platform, wanted, wish.origin)
            listed = _listed(repository)
            remark(f"{len(listed)} packages")
        with step("Pack the images"):
            inside = _write_images(images, names)
        about = {"architecture": wish.architecture.name, "images": inside, "packages": listed}
        with step(f"Write {target}") as remark:
            write(target, about, [images, repository])
            remark(f"{target.stat().st_size / 1e6:.0f} MB")


def _debian(settings: Mapping[str, Any]) -> str:
    """Name the image with the Debian of the Pi: what the app starts from."""
    return str(settings.get("app_base_image", BASE_IMAGE))
