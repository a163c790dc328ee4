"""The appliance with other settings than the default, over HTTPS and with a shell on the Pi."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import testinfra
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = Path(__file__).resolve().parents[1] / "vars" / "settings.yml"
NAME = "kueche.home.arpa"
Found = TypeVar("Found")


@dataclass
class Site:
    """The appliance by its address, with the owner's certificate checked by its name."""

    address: str
    certificate: Path
    token: str = ""

    def connect(self, **limits: Any) -> http.client.HTTPSConnection:
        """Open a connection."""
        context = ssl.create_default_context(cafile=self.certificate)
        for limit, value in limits.items():
            setattr(context, limit, value)
        connection = _ByName(self.address, context=context, timeout=15)
        connection.connect()
        return connection

    def ask(
        self, method: str, path: str, body: object = None, name: str = NAME
    ) -> tuple[int, Any, dict[str, str]]:
        """Send a request: status, decoded answer, headers."""
        headers = {"Host": name, "Content-Type": "application/json"}
        headers |= {"Authorization": self.token} if self.token else {}
        connection = self.connect()
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        told = json.loads(content) if "json" in answer.getheader("Content-Type", "") else ""
        return answer.status, told, {key.lower(): value for key, value in answer.getheaders()}


class _ByName(http.client.HTTPSConnection):
    """Comes by address, and asks for the certificate by name."""

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        context: ssl.SSLContext = self._context  # type: ignore[attr-defined]
        self.sock = context.wrap_socket(self.sock, server_hostname=NAME)


@pytest.fixture(scope="session")
def settings() -> dict[str, Any]:
    """What this scenario set."""
    found: dict[str, Any] = yaml.safe_load(SETTINGS.read_text())
    return found


@pytest.fixture(scope="session")
def state() -> Path:
    """The folder of what belongs to this virtual Pi."""
    return Path(os.environ["INKSTAND_INSTANCE_STATE"])


@pytest.fixture(scope="session")
def pi() -> Any:
    """A root shell on the Pi."""
    return testinfra.get_host(f"docker://{os.environ['INKSTAND_INSTANCE']}")


@pytest.fixture(scope="session")
def site(state: Path) -> Site:
    """The appliance, by the Pi's address on the engine's network."""
    template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    argv = ["docker", "inspect", "--format", template, os.environ["INKSTAND_INSTANCE"]]
    found = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return Site(found.strip(), state / "certificate.pem")


@pytest.fixture(scope="session")
def owner(site: Site, state: Path, settings: dict[str, Any]) -> Site:
    """The same for the owner, logged in by the other name."""
    password = json.loads((state / "credentials.json").read_text())["password"]
    body = {"username": settings["app_username"], "password": password}
    status, told, _ = site.ask("POST", "/login", body)
    assert status == 200
    return Site(site.address, site.certificate, told["token"])


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
