"""The role on a virtual Pi: run with settings, looked at with a root shell, and met over HTTPS."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509

from virtual_pi import container, testing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SCENARIO = Path(__file__).resolve().parents[1]
NAME = "mac.example.com"
PEBBLE = "https://192.0.2.1:14000/dir"
NO_PEBBLE = "INPUT --protocol tcp --dport 14000 --jump REJECT --reject-with tcp-reset"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Site:
    """The appliance as a client meets it."""

    address: str

    def connect(self, name: str = NAME, **limits: Any) -> ssl.SSLSocket:
        """Open a TLS connection; whose the certificate is, the tests look at themselves."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        for limit, value in limits.items():
            setattr(context, limit, value)
        plain = socket.create_connection((self.address, 443), timeout=10)
        return context.wrap_socket(plain, server_hostname=name)

    def certificate(self, name: str = NAME) -> x509.Certificate:
        """Give the certificate that is served for a name."""
        with self.connect(name) as connection:
            return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")

    def issuer(self, name: str = NAME) -> str:
        """Tell who issued it; empty while nobody answers."""
        try:
            return self.certificate(name).issuer.rfc4514_string()
        except OSError:
            return ""

    def serial(self, name: str = NAME) -> int:
        """Number the certificate that is served; 0 while nobody answers."""
        try:
            return self.certificate(name).serial_number
        except OSError:
            return 0

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        name: str = NAME,
    ) -> Answer:
        """Send a request over HTTPS, with the path as it is."""
        connection = http.client.HTTPConnection(name)
        connection.sock = self.connect(name)
        return _exchange(connection, method, path, headers, body)

    def ask_plainly(self, path: str, name: str = NAME) -> Answer:
        """Send a request over HTTP."""
        connection = http.client.HTTPConnection(self.address, 80, timeout=10)
        return _exchange(connection, "GET", path, {"Host": name}, None)

    def stream(self, headers: Mapping[str, str]) -> Stream:
        """Ask for events."""
        connection = self.connect()
        lines = {"Host": NAME, **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        connection.sendall(f"GET /api/v1/events HTTP/1.1\r\n{head}\r\n".encode())
        return Stream(connection)


@dataclass
class Stream:
    """Events as they come: the stand-in for the app sends its number and its time every second."""

    connection: ssl.SSLSocket
    seen: bytes = b""

    @property
    def ticks(self) -> list[tuple[int, float]]:
        """All that have come."""
        found = re.findall(rb"(\d+) (\d{9,}[.]\d+)", self.seen)
        return [(int(number), float(when)) for number, when in found]

    def read(self, ticks: int) -> float:
        """Wait until so many have come; the seconds that the last one was under way."""
        while len(self.ticks) < ticks:
            content = self.connection.recv(1 << 16)
            assert content, "the stream has ended"
            self.seen += content
        return time.time() - self.ticks[-1][1]


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: Mapping[str, str] | None,
    body: bytes | None,
) -> Answer:
    connection.request(method, path, body=body, headers=dict(headers or {}))
    answer = connection.getresponse()
    found = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    connection.close()
    return found


@pytest.fixture(scope="session")
def site(instance: str) -> Site:
    """The appliance, by the Pi's address on the engine's network."""
    return Site(container.address(instance))


def _play(playbook: str, *options: str) -> testing.Run:
    # A result is found by its host when it is on one line.
    return testing.play(SCENARIO / playbook, *options, ANSIBLE_CALLBACK_RESULT_FORMAT="json")


@pytest.fixture(scope="session")
def attempt(state: Path) -> Callable[..., testing.Run]:
    """Give a function that runs the role with settings, whether that ends well or not."""

    def run(*options: str, **settings: object) -> testing.Run:
        given = {f"traefik_{name}": value for name, value in settings.items()}
        base = f"@{SCENARIO / 'vars' / 'settings.yml'}"
        limits = ("-i", str(state / "inventory"), "-t", "traefik")
        return _play("converge.yml", *limits, "-e", base, "-e", json.dumps(given), *options)

    return run


@pytest.fixture(scope="session")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, str]]:
    """Give a function that has cases of settings checked, all in one run, and gives the answers."""

    def run(cases: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
        hosts = {case: _variables(settings) for case, settings in cases.items()}
        inventory = tmp_path_factory.mktemp("cases") / "hosts.yml"
        inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
        limits = ("-i", str(inventory), "--forks", "4")
        return _failures(_play("preflight.yml", *limits).output)

    return run


def _variables(settings: Mapping[str, object]) -> dict[str, object]:
    """Name the settings of a host on which modules run by this Python."""
    own = {"host": NAME, "extra_names": ["mac.example.org"], **settings}
    named = {f"traefik_{name}": value for name, value in own.items()}
    return {"ansible_python_interpreter": sys.executable, **named}


def _failures(output: str) -> dict[str, str]:
    """Collect what was said to the hosts that failed."""
    found = re.findall(r"^(?:fatal|failed): \[([^]]+?)(?: -> [^]]+)?\](.*)", output, re.MULTILINE)
    said: dict[str, str] = {}
    for host, text in found:
        said[host] = said.get(host, "") + text
    return said


@pytest.fixture(scope="session")
def letsencrypt(state: Path) -> dict[str, object]:
    """Settings for pebble, whose certificates last 20 minutes: they are renewed every minute."""
    return {
        "tls": "letsencrypt",
        "letsencrypt_email": "owner@example.com",
        "letsencrypt_ca_server": PEBBLE,
        "letsencrypt_ca_bundle": str(state / "pebble.pem"),
        "letsencrypt_certificate_hours": 1,
        "letsencrypt_wait_seconds": 60,
    }


@pytest.fixture
def no_ca(pi: Any) -> Iterator[Callable[[], None]]:
    """Let nobody reach the ACME server until the function that this gives is called."""
    pi.check_output(f"iptables -I {NO_PEBBLE}")
    yield lambda: pi.check_output(f"iptables -D {NO_PEBBLE}")
    pi.run(f"iptables -D {NO_PEBBLE}")
