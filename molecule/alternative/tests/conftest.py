"""The appliance with other settings than the default, over HTTPS and with a shell on the Pi."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from virtual_pi import container, testing

SETTINGS = Path(__file__).resolve().parents[1] / "vars" / "settings.yml"
NAME = "kueche.home.arpa"


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
def site(instance: str, state: Path) -> Site:
    """The appliance, by the Pi's address on the engine's network."""
    return Site(container.address(instance), state / "certificate.pem")


@pytest.fixture(scope="session")
def owner(site: Site, state: Path, settings: dict[str, Any]) -> Site:
    """The same for the owner, logged in by the other name."""
    body = {**testing.login(state), "username": settings["app_username"]}
    status, told, _ = site.ask("POST", "/login", body)
    assert status == 200
    return Site(site.address, site.certificate, told["token"])
