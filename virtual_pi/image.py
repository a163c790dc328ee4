"""The image of the virtual Pi, which the Dockerfile beside this makes of the base image."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tools.common.commands import run
from tools.common.paths import ROOT
from tools.common.rootfs import has_image, key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DOCKERFILE_INPUTS = ("Dockerfile", "init")


def pi_image(base: str, inputs: Sequence[str] = DOCKERFILE_INPUTS) -> str:
    """Name the image of the virtual Pi after all that it is made of."""
    files = [(ROOT / "virtual_pi" / name).read_bytes() for name in inputs]
    return f"inkstand/virtual-pi:{key(base.encode(), *files)}"


def make_pi_image(base: str, say: Callable[[str], None]) -> str:
    """Build the image of the virtual Pi on the base image with that id; give its name."""
    image = pi_image(base)
    if has_image(image):
        say("from the cache")
        return image
    local = f"inkstand/virtual-pi-base:{base.removeprefix('sha256:')[:12]}"
    run(["docker", "tag", base, local])
    folder = os.fspath(ROOT / "virtual_pi")
    # The classic builder is in every engine; buildx is not.
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
    argv = ["docker", "build", "--quiet", "--build-arg", f"BASE_IMAGE={local}", "--tag", image]
    todo = "Containers of this engine must reach Debian's archive."
    run([*argv, folder], env=environment, todo=todo)
    say("built")
    return image
