"""The role on a virtual Pi: run with settings, and met from a container beside it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tools.common.commands import run
from virtual_pi import container, testing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCENARIO = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Outside:
    """A container on the network of the virtual Pi: the rest of the world."""

    name: str
    pi: str

    def open_ports(self, *ports: str) -> list[int]:
        """Name the TCP ports of the Pi that answer, of these (`22`, `1-65535`)."""
        return self.open_ports_of(self.pi, *ports)

    def open_ports_of(self, address: str, *ports: str) -> list[int]:
        """Name those of another address."""
        found = run(["docker", "exec", self.name, "python3", "/srv/scan.py", address, *ports])
        return [int(port) for port in found.split()]


@pytest.fixture(scope="session")
def outside(instance: str) -> Iterator[Outside]:
    """The rest of the world, which may send packets wherever it likes."""
    name = f"{instance}-outside"
    image = run(["docker", "inspect", "--format", "{{.Config.Image}}", instance]).strip()
    subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)
    here = ["--name", name, "--cap-add", "NET_ADMIN", "--entrypoint", "sleep"]
    run(["docker", "run", "--detach", "--rm", *here, image, "infinity"])
    try:
        for file in ("scan.py", "listen.py"):
            run(["docker", "cp", str(SCENARIO / "files" / file), f"{name}:/srv/"])
        yield Outside(name, container.address(instance))
    finally:
        subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)


@pytest.fixture(scope="session")
def attempt(state: Path) -> Callable[..., testing.Run]:
    """Give a function that runs the role with settings, whether that ends well or not."""

    def play(**settings: object) -> testing.Run:
        given = {f"hardening_{name}": value for name, value in settings.items()}
        base = f"@{SCENARIO / 'vars' / 'settings.yml'}"
        limits = ("-i", str(state / "inventory"), "-t", "hardening")
        return testing.play(SCENARIO / "converge.yml", *limits, "-e", base, "-e", json.dumps(given))

    return play


@pytest.fixture(scope="session")
def published(pi: Any) -> Iterator[str]:
    """A container with a port that is published by mistake; its own address."""
    base = "docker run --detach --rm --name mistake --publish 9999:7777 --volume /srv:/srv:ro"
    pi.check_output(f"{base} debian:trixie-slim perl /srv/listen.pl 7777")
    yield pi.check_output(f"docker inspect --format '{container.ADDRESS}' mistake").strip()
    pi.run("docker rm --force mistake")


@pytest.fixture
def no_firewall(pi: Any) -> Iterator[None]:
    """The Pi as it was without the role."""
    pi.check_output("systemctl stop inkstand-firewall")
    yield
    pi.check_output("systemctl start inkstand-firewall")
