"""The images that are built from this repository, and their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pi_images import engine
from plugins.lookup.build_context_hash import context_hash
from tools.common.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pi_images.architectures import Architecture

LINES = ("gpiochip", "simulated")


@dataclass(frozen=True)
class Source:
    """What one image is built from: a directory, a target in its Dockerfile, and a base image."""

    part: str
    base: str
    target: str = ""
    as_of: str = ""

    @property
    def context(self) -> Path:
        """The directory with the Dockerfile."""
        return ROOT / "images" / self.part

    @property
    def name(self) -> str:
        """The name that the roles give this image on a Pi."""
        parts = filter(None, (self.target, self.base, self.as_of))
        return f"inkstand/{self.part}:{context_hash(self.context, *parts)}"

    def name_for(self, architecture: Architecture) -> str:
        """Give the name on this machine, which may have the image for several architectures."""
        return f"{self.name}-{architecture.name}"


def sources(settings: Mapping[str, Any]) -> list[Source]:
    """List the images for these settings; of the bridge both that need no compiler."""
    lines = sorted({*LINES, settings["pigpiod_line"]} - {"auto", "upstream"})
    # As wiring.yml gives it to both.
    as_of = str(settings.get("inkstand_images_as_of", ""))
    bridge = settings["pigpiod_base_image"]
    return [
        Source("app", settings["app_base_image"], as_of=as_of),
        *(Source("pigpiod", bridge, line, as_of) for line in lines),
        Source("traefik", settings["traefik_base_image"]),
    ]


def build(source: Source, architecture: Architecture, base: str) -> bool:
    """Build an image on a base that the engine has, unless it is there; tell whether it was built.

    Raises:
        CommandError: it could not be built.
    """
    name = source.name_for(architecture)
    if engine.image_id(name):
        return False
    arguments = {"BASE_IMAGE": base, **({"AS_OF": source.as_of} if source.as_of else {})}
    engine.build(source.context, name, architecture.platform, arguments, source.target)
    return True
