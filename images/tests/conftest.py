"""The images of each architecture, built here, and containers of them."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from pi_images import bases, emulation, engine, homemade, sources
from pi_images.architectures import KNOWN, Architecture, named
from pi_images.settings import given
from tools.common.commands import run
from tools.common.paths import TRAEFIK_IMAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Found = TypeVar("Found")
HERE = Path(__file__).parent
# The first start of a program under QEMU takes its time.
PATIENCE = 300.0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test for each architecture that was asked for."""
    if "architecture" in metafunc.fixturenames:
        names = os.environ.get("INKSTAND_ARCHITECTURES", " ".join(KNOWN)).split()
        metafunc.parametrize("architecture", [named(n) for n in names], scope="session", ids=names)


@dataclass(frozen=True)
class Images:
    """The images of one architecture: names of this machine by part (and target)."""

    architecture: Architecture
    names: dict[str, str]

    def name(self, part: str) -> str:
        """Give the name of an image; skips where there is none for this architecture."""
        if part not in self.names:
            pytest.skip(
                f"no Traefik for {self.architecture.name} without a registry: "
                "only the official image has it"
            )
        return self.names[part]


def _build(source: sources.Source, architecture: Architecture, settings: dict[str, Any]) -> str:
    base = bases.get(source.base, settings, architecture, made_here=True)
    sources.build(source, architecture, base)
    return source.name_for(architecture)


@pytest.fixture(scope="session")
def images(architecture: Architecture) -> Images:
    """All images that can be built for an architecture."""
    emulation.require(architecture, lambda _: None)
    settings = given()
    possible = [
        source
        for source in sources.sources(settings)
        if source.base != TRAEFIK_IMAGE or architecture.name in homemade.TRAEFIK_WHEELS
    ]
    built = {s.target or s.part: _build(s, architecture, settings) for s in possible}
    return Images(architecture, built)


@pytest.fixture(scope="session")
def with_tests(images: Images) -> Callable[[str], str]:
    """Give a function that puts what the tests need on top of an image."""

    def build(part: str) -> str:
        name = f"{images.name(part)}-tests"
        if engine.image_id(name) is None:
            platform = images.architecture.platform
            engine.build(HERE, name, platform, {"IMAGE": images.name(part)})
        return name

    return build


@dataclass(frozen=True)
class Container:
    """A container that runs."""

    name: str

    @property
    def address(self) -> str:
        """Its address on its first network."""
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
        return run(["docker", "inspect", "--format", template, self.name]).split()[0]

    def says(self) -> str:
        """Give what it wrote."""
        done = subprocess.run(
            ["docker", "logs", self.name], check=False, capture_output=True, text=True
        )
        return done.stdout + done.stderr


@pytest.fixture
def start(images: Images) -> Iterator[Callable[..., Container]]:
    """Give a function that starts a container as the roles do; all are removed at the end."""
    started: list[str] = []

    def run_one(part: str, options: list[str], *command: str) -> Container:
        name = f"inkstand-test-{part}-{uuid.uuid4().hex[:8]}"
        hardened = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        platform = ["--platform", images.architecture.platform]
        argv = ["docker", "run", "--detach", "--name", name, *platform, *hardened, *options]
        started.append(name)
        run([*argv, images.name(part), *command])
        return Container(name)

    yield run_one
    if started:
        subprocess.run(
            ["docker", "rm", "--force", "--volumes", *started], check=False, capture_output=True
        )


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., Any]:
    """Give a function that asks until there is an answer, and gives it."""

    def wait(what: str, ask: Callable[[], Found | None], seconds: float = PATIENCE) -> Found:
        deadline = time.monotonic() + seconds
        while True:
            found = ask()
            if found is not None:
                return found
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.2)

    return wait


@pytest.fixture
def shared_directory() -> Iterator[Path]:
    """A directory that every user of a container may write to."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o777)
        yield path
