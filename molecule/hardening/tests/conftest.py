"""The role on a virtual Pi: run with settings, and met from a container beside it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import testinfra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[3]
SCENARIO = ROOT / "molecule" / "hardening"
# Molecule asks for colours, which would stand in the middle of sentences.
PLAIN = {"ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"}
ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
Found = TypeVar("Found")


@dataclass(frozen=True)
class Run:
    """How a run of the role ended."""

    status: int
    output: str

    @property
    def changed(self) -> int:
        """How many tasks changed something, as the recap says."""
        found = re.search(r"\bchanged=(\d+)", self.output)
        assert found, self.output
        return int(found[1])

    @property
    def words(self) -> str:
        """The output without its line breaks, to look for a sentence in."""
        return " ".join(self.output.split())


def _output(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


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
        found = _output("docker", "exec", self.name, "python3", "/srv/scan.py", address, *ports)
        return [int(port) for port in found.split()]


@pytest.fixture(scope="session")
def instance() -> str:
    """Name what molecule made."""
    return os.environ["INKSTAND_INSTANCE"]


@pytest.fixture(scope="session")
def pi(instance: str) -> Any:
    """A root shell on the Pi."""
    return testinfra.get_host(f"docker://{instance}")


@pytest.fixture(scope="session")
def outside(instance: str) -> Iterator[Outside]:
    """The rest of the world, which may send packets wherever it likes."""
    name = f"{instance}-outside"
    image = _output("docker", "inspect", "--format", "{{.Config.Image}}", instance)
    subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)
    here = ["--name", name, "--cap-add", "NET_ADMIN", "--entrypoint", "sleep"]
    _output("docker", "run", "--detach", "--rm", *here, image, "infinity")
    try:
        for file in ("scan.py", "listen.py"):
            _output("docker", "cp", str(SCENARIO / "files" / file), f"{name}:/srv/")
        yield Outside(name, _output("docker", "inspect", "--format", ADDRESS, instance))
    finally:
        subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)


@pytest.fixture(scope="session")
def attempt() -> Callable[..., Run]:
    """Give a function that runs the role with settings, whether that ends well or not."""
    state = Path(os.environ["INKSTAND_INSTANCE_STATE"])
    program = Path(sys.executable).with_name("ansible-playbook")

    def run(**settings: object) -> Run:
        given = {f"hardening_{name}": value for name, value in settings.items()}
        base = f"@{SCENARIO / 'vars' / 'settings.yml'}"
        limits = ("-i", str(state / "inventory"), "-t", "hardening")
        argv = [str(program), str(SCENARIO / "converge.yml"), *limits, "-e", base]
        done = subprocess.run(
            [*argv, "-e", json.dumps(given)],
            cwd=ROOT,
            env={**os.environ, **PLAIN},
            check=False,
            capture_output=True,
            text=True,
        )
        return Run(done.returncode, done.stdout + done.stderr)

    return run


@pytest.fixture(scope="session")
def apply(attempt: Callable[..., Run]) -> Callable[..., Run]:
    """Give a function that runs the role with settings, which must end well."""

    def run(**settings: object) -> Run:
        done = attempt(**settings)
        assert done.status == 0, done.output
        return done

    return run


@pytest.fixture(scope="session")
def published(pi: Any) -> Iterator[str]:
    """A container with a port that is published by mistake; its own address."""
    base = "docker run --detach --rm --name mistake --publish 9999:7777 --volume /srv:/srv:ro"
    pi.check_output(f"{base} debian:trixie-slim perl /srv/listen.pl 7777")
    yield pi.check_output(f"docker inspect --format '{ADDRESS}' mistake").strip()
    pi.run("docker rm --force mistake")


@pytest.fixture
def no_firewall(pi: Any) -> Iterator[None]:
    """The Pi as it was without the role."""
    pi.check_output("systemctl stop inkstand-firewall")
    yield
    pi.check_output("systemctl start inkstand-firewall")


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., Any]:
    """Give a function that asks until the answer is true, and gives that answer."""

    def wait(what: str, ask: Callable[[], Found], seconds: float = 20) -> Found:
        deadline = time.monotonic() + seconds
        while True:
            found = ask()
            if found:
                return found
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.2)

    return wait
