"""Three virtual Pis, the playbooks as an owner of several runs them, and their HTTPS interface."""

from __future__ import annotations

import itertools
import os
import shutil
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import testinfra

from virtual_pi import container, testing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 1800


class Run(testing.Run):
    """What a command ended with and said."""

    def about(self, host: str) -> str:
        """What the closing report says of a host, with its further lines in one."""
        report = self.output.partition("What became of each host\n")[2]
        found, ours = [], False
        for line in itertools.takewhile(lambda text: text.startswith("  "), report.splitlines()):
            if not line.startswith("   "):
                ours = line.split()[0] == host
            found += [line] if ours else []
        return " ".join(" ".join(found).split())


@dataclass(frozen=True)
class Api:
    """The HTTPS interface of one Pi."""

    address: str
    ca: Path

    def ask(self, method: str, path: str, token: str = "", **arguments: Any) -> tuple[int, Any]:
        """Send a request over a connection of its own."""
        client = testing.Client(self.address, str(self.ca), token, seconds=30)
        with client.pool:
            return client.ask(method, path, **arguments)

    def certificate(self) -> str:
        """Give the certificate that is served."""
        return ssl.get_server_certificate((self.address, 443))


@dataclass(frozen=True)
class Pi:
    """One of the fleet."""

    name: str
    state: Path

    @property
    def api(self) -> Api:
        """Its HTTPS interface, at its address on the engine's network."""
        (self.state / "ca.pem").write_text(
            self.shell.file("/etc/inkstand/traefik/ca.pem").content_string
        )
        return Api(container.address(self.name), self.state / "ca.pem")

    @property
    def shell(self) -> Any:
        """A root shell on it."""
        return testinfra.get_host(f"docker://{self.name}")

    @property
    def login(self) -> dict[str, str]:
        """The owner's name and password."""
        return testing.login(self.state)

    @property
    def host_vars(self) -> Path:
        """Its settings."""
        return self.state / "inventory" / "host_vars" / f"{self.name}.yml"


@pytest.fixture(scope="session")
def place() -> Path:
    """Where keys, archives and the common part of the inventory are."""
    return Path(os.environ["INKSTAND_FLEET"])


@pytest.fixture(scope="session")
def fleet(place: Path) -> list[Pi]:
    """All three; the last was made broken."""
    return [Pi(name, place / name) for name in os.environ["INKSTAND_FLEET_NAMES"].split()]


@pytest.fixture(scope="session")
def one(fleet: list[Pi]) -> Pi:
    return fleet[0]


@pytest.fixture(scope="session")
def two(fleet: list[Pi]) -> Pi:
    return fleet[1]


@pytest.fixture(scope="session")
def broken(fleet: list[Pi]) -> Pi:
    return fleet[2]


def _run(*argv: str | os.PathLike[str]) -> Run:
    environment = {
        **os.environ,
        **testing.PLAIN,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
    )
    return Run(done.returncode, done.stdout)


@pytest.fixture(scope="session")
def inventory(fleet: list[Pi], place: Path) -> list[str]:
    """The options that name the inventory."""
    return [
        f"--inventory={p}"
        for p in [*(pi.state / "inventory" for pi in fleet), place / "common.yml"]
    ]


@pytest.fixture(scope="session")
def play(inventory: list[str]) -> Callable[..., Run]:
    """Give a function that runs a playbook for the fleet."""
    return lambda playbook, *options: _run("ansible-playbook", playbook, *inventory, *options)


@pytest.fixture(scope="session")
def compare(inventory: list[str]) -> Callable[..., Run]:
    """Give a function that looks for drift."""
    return lambda *options: _run(sys.executable, "tools/drift.py", *inventory, *options)


@pytest.fixture(scope="session")
def patience() -> float:
    return 60


@pytest.fixture
def settings_of_one(one: Pi, broken: Pi) -> Iterator[None]:
    """The third has the settings of the first, as when it takes its place."""
    kept = broken.host_vars.read_bytes()
    shutil.copy(one.host_vars, broken.host_vars)
    yield
    broken.host_vars.write_bytes(kept)
