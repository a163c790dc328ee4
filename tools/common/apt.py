"""Debian packages for this machine."""

from __future__ import annotations

import os

from tools.common.commands import attempt, run

TODO = "Look at the lines above; `apt-get update` must work on this machine."


def update() -> None:
    """Ask the archives what they offer.

    Raises:
        ToolError: apt could not, or this machine has no apt.
    """
    run(["apt-get", "update"], todo=TODO)


def is_offered(package: str) -> bool:
    """Tell whether this release of Debian has a package."""
    shown = attempt(["apt-cache", "policy", package]) or ""
    return "Candidate:" in shown and "Candidate: (none)" not in shown


def install(packages: list[str]) -> None:
    """Install packages, without those that they only recommend.

    Raises:
        ToolError: apt could not, or this machine has no apt.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    argv = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    run(argv, todo=TODO, env=environment)
