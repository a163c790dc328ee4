"""How long the app's image takes to build for a Pi, and how large it is, beside the recipe of 2017.

Both are built from the same Debian image, one after the other, without any layer of before, with
QEMU where the architecture is not this machine's. Goals: a sixth of the time, a third of the size.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pi_images import bases, emulation, engine, sources
from pi_images.settings import given
from tools.common.commands import attempt, run
from tools.common.paths import ROOT
from tools.common.steps import say, step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pi_images.architectures import Architecture

RECIPE = ROOT / "images" / "app" / "benchmarks" / "2017"
REQUIREMENTS = ROOT / ".config" / "requirements-app.txt"
TIME_GOAL = 6
SIZE_GOAL = 3


@dataclass(frozen=True)
class Measured:
    """One build: its time in seconds, and the size of its image in bytes, unpacked."""

    seconds: float
    bytes: int


def _timed(name: str, command: list[str]) -> Measured:
    begin = time.monotonic()
    run([*command[:2], "--no-cache", *command[2:]], todo="Look at the lines above.")
    return Measured(time.monotonic() - begin, engine.image_bytes(name))


def _build(
    context: Path, name: str, architecture: Architecture, arguments: Mapping[str, str]
) -> Measured:
    command = engine.build_command(context, name, architecture.platform, arguments)
    try:
        return _timed(name, command)
    finally:
        attempt(["docker", "image", "rm", name])


def pinned(text: str, package: str) -> str:
    """Give the version that a requirements file pins.

    Raises:
        KeyError: it pins none.
    """
    found = re.search(rf"(?mi)^{re.escape(package)}==(\S+)$", text)
    if found is None:
        raise KeyError(package)
    return found[1]


def _versions() -> dict[str, str]:
    text = REQUIREMENTS.read_text()
    return {"AIOHTTP": pinned(text, "aiohttp"), "PILLOW": pinned(text, "Pillow")}


def _measure_2017(architecture: Architecture, base: str) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(RECIPE / "Dockerfile", folder)
        bundle = os.environ.get("SSL_CERT_FILE")
        (Path(folder) / "ca.pem").write_bytes(Path(bundle).read_bytes() if bundle else b"")
        arguments = {"BASE_IMAGE": base, **_versions()}
        return _build(Path(folder), "inkstand/bench-2017:now", architecture, arguments)


def table(ours: Measured, theirs: Measured) -> list[str]:
    """Write what was measured as a table."""
    faster, smaller = theirs.seconds / ours.seconds, theirs.bytes / ours.bytes
    rows = [
        ("time to build", f"{theirs.seconds:.0f} s", f"{ours.seconds:.0f} s", faster, TIME_GOAL),
        ("image, unpacked", _mb(theirs), _mb(ours), smaller, SIZE_GOAL),
    ]
    head = ["| what | 2017 | now | ratio | goal | met |", "|---|---|---|---|---|---|"]
    return head + [
        f"| {what} | {then} | {now} | 1/{ratio:.1f} | <= 1/{goal} | {_met(ratio, goal)} |"
        for what, then, now, ratio, goal in rows
    ]


def _mb(measured: Measured) -> str:
    return f"{measured.bytes / 1e6:.0f} MB"


def _met(ratio: float, goal: int) -> str:
    return "yes" if ratio >= goal else "NO"


def bench(architecture: Architecture, *, made_here: bool) -> bool:
    """Build both, print the table, and tell whether the goals were met.

    Raises:
        ToolError: one of them could not be built.
    """
    emulation.require(architecture, lambda _: None)
    settings = given()
    source = next(s for s in sources.sources(settings) if s.part == "app")
    base = bases.get(source.base, settings, architecture, made_here=made_here)
    with step(f"Build the app's image for {architecture.name}"):
        name = "inkstand/bench-app:now"
        ours = _build(source.context, name, architecture, {"BASE_IMAGE": base})
    with step(f"Build the recipe of 2017 for {architecture.name}"):
        theirs = _measure_2017(architecture, base)
    lines = table(ours, theirs)
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    say(
        "\n".join(
            ["", *lines, "", f"base image {engine.image_bytes(base) / 1e6:.0f} MB, load {load}"]
        )
    )
    return "NO" not in "".join(lines)
