"""The deployed appliance as its owner meets it over HTTPS, and what its Pi says of itself."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.common.commands import run
from virtual_pi import container

if TYPE_CHECKING:
    from virtual_pi.credentials import Credentials
    from virtual_pi.settings import VirtualPi

ON_THE_PI = Path(__file__).with_name("on_the_pi.py")


def on_the_pi(pi: VirtualPi, *arguments: str) -> dict[str, Any]:
    """Ask the virtual Pi something that on_the_pi.py knows."""
    argv = ["docker", "exec", "-i", *container.execute(pi, "python3", "-", *arguments)[2:]]
    found: dict[str, Any] = json.loads(run(argv, stdin=ON_THE_PI.read_text()))
    return found


@dataclass
class Appliance:
    """HTTPS with the certificate checked against the CA that was fetched; a connection a thread."""

    pi: VirtualPi
    owner: Credentials
    token: str = ""
    local: threading.local = field(default_factory=threading.local)
    address: str = ""

    def __post_init__(self) -> None:
        """Look where it is; nothing of it is published."""
        self.address = container.address(self.pi.name)

    def _connection(self) -> http.client.HTTPSConnection:
        if not hasattr(self.local, "connection"):
            context = ssl.create_default_context(cafile=self.pi.ca_file)
            made = _Connection(self.address, context=context, timeout=60)
            self.local.connection = made
        found: http.client.HTTPSConnection = self.local.connection
        return found

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send a request: status and decoded answer.

        Raises:
            OSError, http.client.HTTPException: nobody answered.
        """
        headers = {"Host": "localhost", "Content-Type": "application/json"}
        headers |= {"Authorization": self.token} if self.token else {}
        connection = self._connection()
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None

    def log_in(self) -> None:
        """Take a token."""
        body = {"username": self.owner.username, "password": self.owner.password}
        self.token = self.ask("POST", "/login", body)[1]["token"]

    def shows_the_clock(self) -> bool:
        """Tell whether it answers, and the clock is what was read back from the glass."""
        try:
            if not self.token:
                self.log_in()
            frame = self.ask("GET", "/api/v1/panel")[1]["frame"]
            screen = self.ask("GET", "/api/v1/screen")[1]["screen"]
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            self.local = threading.local()
            return False
        return bool(frame) and screen == "clock"

    def is_well(self) -> bool:
        """Tell whether panel, button and storage are well, as the appliance says."""
        # The connection of this thread has been idle for minutes, and Traefik ends such ones.
        self.local = threading.local()
        status, said = self.ask("GET", "/healthz")
        return status == http.HTTPStatus.OK and said["status"] == "ok"

    def send(self, number: int) -> int:
        """Send a message and give the status."""
        return self.ask("POST", "/messages", {"message": f"Message {number}"})[0]

    def burst(self, messages: int, at_once: int = 8) -> int:
        """Send messages from some connections at once, and count those that were taken."""
        with ThreadPoolExecutor(at_once) as threads:
            return list(threads.map(self.send, range(messages))).count(http.HTTPStatus.CREATED)


class _Connection(http.client.HTTPSConnection):
    """Comes by address, and asks for the certificate of `localhost`."""

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        context: ssl.SSLContext = self._context  # type: ignore[attr-defined]
        self.sock = context.wrap_socket(self.sock, server_hostname="localhost")
