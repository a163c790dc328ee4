"""`python -m pi_images.sbom`: what is in each image, as CycloneDX, for those who look for faults.

Of what an image holds there are Debian's packages, as dpkg knows them; Traefik, as it says itself;
and what this repository puts there, which is the image itself. Python comes as Debian's packages.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from pi_images import bundle, cli, engine
from tools.common.commands import run
from tools.common.errors import ToolError
from tools.common.paths import ROOT
from tools.common.steps import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FOLDER = ROOT / "build" / "sbom"
_FORMAT = r"${Package} ${Version} ${Architecture} ${source:Package}\n"
_DEBIAN = f". /etc/os-release; echo $ID $VERSION_ID; dpkg-query --show --showformat '{_FORMAT}'"


def debian(said: str) -> Iterator[Component]:
    """Give the release, and a component for each package that dpkg names.

    The first line is `debian 13`, the others are name, version, architecture and source package.
    """
    system, *packages = said.splitlines()
    name, release = system.split()
    yield Component(
        type=ComponentType.OPERATING_SYSTEM, name=name, version=release, bom_ref=f"{name}-{release}"
    )
    for package in packages:
        binary, version, architecture, source = package.split()
        about = {"arch": architecture, "distro": f"{name}-{release}", "upstream": source}
        yield _library(PackageURL("deb", name, binary, version, about))


def traefik(said: str) -> Iterator[Component]:
    """Give Traefik in the version that it says of itself. What is compiled into it is not named."""
    version = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)["Version"]
    yield _library(PackageURL("generic", None, "traefik", version.strip()))


def _library(purl: PackageURL) -> Component:
    kind, name = ComponentType.LIBRARY, purl.name
    return Component(type=kind, name=name, version=purl.version, purl=purl, bom_ref=str(purl))


def document(image: str, identity: str, parts: Iterator[Component]) -> str:
    """Write the bill of materials of an image, which is named after the image and its id."""
    name, _, version = image.partition(":")
    whole = Component(type=ComponentType.CONTAINER, name=name, version=version, bom_ref=image)
    bom = Bom(components=parts, serial_number=uuid5(NAMESPACE_URL, f"{image}@{identity}"))
    bom.metadata.component = whole
    bom.register_dependency(whole, bom.components)
    return JsonV1Dot6(bom).output_as_string(indent=1)


def inspected(image: str) -> Iterator[Component]:
    """Look into an image that this machine's engine has.

    Raises:
        CommandError: the engine has none of that name, or cannot run it.
    """
    inside = ["docker", "run", "--rm", "--network=none", "--user=65534", "--entrypoint"]
    if image.startswith("inkstand/traefik:"):
        return traefik(run([*inside, "/usr/local/bin/traefik", image, "version"]))
    return debian(run([*inside, "sh", image, "-ec", _DEBIAN]))


def write(image: str, folder: Path) -> Path:
    """Write a file for an image of this machine's engine; give its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{image.replace('/', '-').replace(':', '-')}.cdx.json"
    path.write_text(document(image, engine.image_id(image) or "", inspected(image)) + "\n")
    return path


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line: 0 when all files are written, 1 with a sentence when not."""
    parser = argparse.ArgumentParser(
        prog="python -m pi_images.sbom",
        description="Write what is in each image, built here where it is missing, as CycloneDX.",
        parents=[cli.building()],
    )
    try:
        for image in bundle.build_images(cli.wish(parser.parse_args(argv))):
            say(str(write(image, FOLDER)))
    except ToolError as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
