"""What a repository lists."""

from __future__ import annotations

import pytest

from pi_images import engine, packages
from pi_images.architectures import named
from pi_images.bases import local_name
from pi_images.sources import Source
from tools.common.paths import ROOT

pytestmark = pytest.mark.unit

PACKAGES = """Package: fuse3
Version: 3.17.2-3
Architecture: arm64
Description: a file system
 Version: not this one
Filename: ./fuse3.deb

Package: tzdata
Version: 2026a-1
Architecture: all

"""


def test_packages_are_listed_by_name_version_and_architecture() -> None:
    assert packages.listed(PACKAGES) == ["fuse3 3.17.2-3 arm64", "tzdata 2026a-1 all"]


def test_images_of_several_architectures_have_names_of_their_own() -> None:
    source = Source("app", "debian:trixie-slim")
    assert source.name_for(named("arm64")) == f"{source.name}-arm64"
    assert (
        local_name("traefik:v3.7", named("armhf"), "0123")
        == "inkstand/base:traefik-v3.7-armhf-0123"
    )


def test_a_build_asks_for_the_platform_and_the_target() -> None:
    argv = engine.build_command(ROOT, "x:1", "linux/arm/v7", {"BASE_IMAGE": "b"}, target="gpiochip")
    assert argv[:2] == ["docker", "build"]
    assert argv[argv.index("--platform") + 1] == "linux/arm/v7"
    assert argv[argv.index("--target") + 1] == "gpiochip"
    assert argv[argv.index("--build-arg") + 1] == "BASE_IMAGE=b"
