"""The machine as its owner meets it: over HTTPS, with a shell by SSH, and at its button."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from tools.common.commands import read_bytes, run
from tools.common.errors import ToolError
from virtual_pi import testing
from virtual_pi.actions import EPD
from virtual_pi.deploy import CA_ON_THE_PI
from virtual_pi.machine import actions, ssh
from virtual_pi.machine.settings import ADDRESS, Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Emulated, and with others at work beside it, a start of all containers takes minutes.
SERVE_SECONDS = 900
PAGE = 100
CHECK = """
import sqlite3
database = sqlite3.connect("file:/var/lib/inkstand/messages.sqlite3?mode=ro", uri=True)
print(*(row[0] for row in database.execute("PRAGMA integrity_check")))
"""


@dataclass
class Owner(testing.Client):
    """The owner; `taken` are all messages that have to be there, by number.

    Those are all that were answered with 201 and not taken back.
    """

    taken: dict[int, str] = field(default_factory=dict)

    def send(self, text: str) -> int:
        """Send a message: its number, once it was taken."""
        status, body = self.ask("POST", "/api/v1/messages", json={"text": text})
        assert status == 201
        number: int = body["id"]
        self.taken[number] = text
        return number

    def take_back(self, number: int) -> None:
        """Delete a message."""
        assert self.ask("DELETE", f"/api/v1/messages/{number}") == (204, None)
        self.taken.pop(number, None)

    def history(self) -> dict[int, dict[str, Any]]:
        """Read all messages, by number."""
        found: dict[int, dict[str, Any]] = {}
        wish = f"/api/v1/messages?limit={PAGE}"
        status, page = self.ask("GET", wish)
        while status == 200:
            found |= {message["id"]: message for message in page["messages"]}
            if page["next"] is None:
                return found
            status, page = self.ask("GET", f"{wish}&before={page['next']}")
        raise AssertionError(f"the history ends with {status}")

    def screen(self) -> str:
        """Ask what is shown: `clock`, `message`, `picture` or `status`."""
        status, body = self.ask("GET", "/api/v1/screen")
        assert status == 200
        shown: str = body["screen"]
        return shown

    def is_served(self) -> bool:
        """Tell whether all of the appliance is well."""
        try:
            status, body = self.ask("GET", "/healthz")
        except (urllib3.exceptions.HTTPError, ValueError):
            return False
        return status == 200 and bool(body["status"] == "ok")

    def wait_served(self) -> None:
        """Wait until all of the appliance is well."""
        testing.wait_for("the appliance", self.is_served, SERVE_SECONDS)


@pytest.fixture(scope="session")
def machine() -> Machine:
    """What molecule made; its playbook says which."""
    ask = os.environ
    return Machine(
        name=ask["INKSTAND_INSTANCE"],
        state=Path(ask["INKSTAND_INSTANCE_STATE"]),
        ssh_port=int(ask["INKSTAND_SSH_PORT"]),
        https_port=int(ask["INKSTAND_HTTPS_PORT"]),
        http_port=int(ask["INKSTAND_HTTP_PORT"]),
    )


@pytest.fixture(scope="session")
def pi(machine: Machine) -> Callable[[str], str]:
    """Give a function that runs a line of shell on the machine, which must succeed."""
    return lambda line: run(ssh.command(machine, "sh", "-c", line), timeout=SERVE_SECONDS)


@pytest.fixture(scope="session")
def messages_are_whole(pi: Callable[[str], str]) -> Callable[[], bool]:
    """Give a function that tells whether SQLite finds nothing wrong with the messages."""
    return lambda: pi(f"sudo docker exec inkstand-app python3 -c '{CHECK}'") == "ok\n"


@pytest.fixture(scope="session")
def ca(machine: Machine) -> Path:
    """The CA certificate that the role made, copied from the machine."""
    machine.ca_file.write_bytes(read_bytes(ssh.command(machine, "cat", CA_ON_THE_PI)))
    return machine.ca_file


@pytest.fixture(scope="session")
def owner(machine: Machine, ca: Path) -> Iterator[Owner]:
    """The owner, logged in: once, and for all starts of the machine."""
    assert machine.https_port
    found = Owner(ADDRESS, str(ca), port=machine.https_port, seconds=30)
    found.log_in(json.loads((machine.state / "login.json").read_text()))
    yield found
    found.pool.close()


@pytest.fixture(scope="session")
def patience() -> float:
    return 60


@pytest.fixture(scope="session")
def current(machine: Machine) -> Callable[[], bytes]:
    """Give a function that reads what is on the glass; empty while there is no panel."""

    def read() -> bytes:
        try:
            return read_bytes(ssh.command(machine, "cat", f"{EPD}/current"))
        except ToolError:
            return b""

    return read


@pytest.fixture
def press(machine: Machine) -> Callable[[], None]:
    """Give a function that presses the button from outside: the GPIO line goes up, then down."""
    return lambda: actions.press(machine)


@pytest.fixture
def clock(owner: Owner, wait_for: Callable[..., Any]) -> None:
    """The glass shows the clock: each message that was still to be read is taken back."""
    messages = owner.history().values()
    for number in [m["id"] for m in messages if m["state"] in ("waiting", "shown")]:
        owner.take_back(number)
    wait_for("the clock", lambda: owner.screen() == "clock")
