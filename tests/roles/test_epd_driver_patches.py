"""The patches that the role epd_driver keeps for the driver of 2017."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.unit

ROLE = Path(__file__).resolve().parents[2] / "roles" / "epd_driver"


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROLE / name / "main.yml").read_text())
    return found


def test_the_default_version_has_patches_that_git_understands() -> None:
    version = read("defaults")["epd_driver_gratis_version"]
    patches = read("vars")["__epd_driver_gratis_known_patches"][version]
    counted = subprocess.run(
        ["git", "apply", "--numstat", "-"],
        input="".join(patches),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split("\t") for line in counted.stdout.splitlines()] == [
        ["15", "1", "PlatformWithOS/RaspberryPi/gpio.c"],
        ["0", "1", "PlatformWithOS/driver-common/Makefile"],
    ]
