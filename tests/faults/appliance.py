"""The virtual Pi that faults are inflicted on: its shell, its owner, and a camera at its glass."""

from __future__ import annotations

import io
import json
import math
import random
import shlex
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3
from PIL import Image

from tools.common.commands import attempt, run
from tools.common.errors import ToolError
from tools.common.steps import wait_until
from virtual_pi import container, testing

if TYPE_CHECKING:
    from virtual_pi.settings import VirtualPi

GLASS = "var/lib/epdfuse/glass.png"
NOBODY = (urllib3.exceptions.HTTPError, OSError, ValueError)
"""What a request raises that nobody answers, or not in JSON."""
OK, CREATED, UNAUTHORIZED, CONFLICT = 200, 201, 401, 409
_ANSWER_SECONDS = 3.0
_WELL_SECONDS = 180.0
# Traefik takes thirty log-ins a minute of one address in the long run.
_LOGIN_SECONDS = 2.5
_SHELL_SECONDS = 120.0
# Rows at the bottom of the glass, where the minute stands in which a message came.
_FOOTER = 28


def text_of(number: int) -> str:
    """Return what a message says."""
    return f"Number {number}"


def fingerprint(png: bytes) -> bytes:
    """Return what tells one message on the glass from another: all but the footer."""
    with Image.open(io.BytesIO(png)) as picture:
        plain = picture.convert("1", dither=Image.Dither.NONE)
        seen: bytes = plain.crop((0, 0, plain.width, plain.height - _FOOTER)).tobytes()
        return seen


def is_stranger(status: int, said: Any) -> bool:
    """Tell whether an answer means that one has to log in."""
    return status == UNAUTHORIZED or bool(said and said.get("code") == "invalid-token")


class Camera:
    """Looks at the picture of the simulated glass, whatever became of the Pi behind it.

    Args:
        path: the picture, on this machine.
        known: fingerprints of messages, with their numbers.
    """

    def __init__(self, path: Path, known: dict[bytes, int]) -> None:
        self._path, self._known = path, known
        self._looked = 0

    def look(self) -> tuple[bool, int | None]:
        """Return whether there is a picture that was not looked at, and which message it shows."""
        try:
            changed = self._path.stat().st_mtime_ns
            if changed == self._looked:
                return False, None
            found = self._known.get(fingerprint(self._path.read_bytes()))
        except (OSError, SyntaxError):
            return False, None
        self._looked = changed
        return True, found


@dataclass
class Appliance:
    """A deployed virtual Pi on this machine's engine.

    `known` are the fingerprints of all messages that a run may send; `chance` is for whatever a
    fault does at random.
    """

    pi: VirtualPi
    chance: random.Random = field(default_factory=random.Random)
    known: dict[bytes, int] = field(default_factory=dict)
    address: str = ""
    token: str = ""
    root: Path = Path()
    _logging_in: threading.Lock = field(default_factory=threading.Lock)
    _logged_in_at: float = -math.inf

    def locate(self) -> None:
        """Find it after a start: it may have another address, and has another first process."""
        self.address = container.address(self.pi.name)
        pid = run(["docker", "inspect", "--format", "{{.State.Pid}}", self.pi.name]).strip()
        self.root = Path("/proc", pid, "root")

    def meet(self, most: int) -> None:
        """Find it, log in, and learn what so many messages of it look like."""
        self.locate()
        self.log_in()
        self.learn(most)

    def camera(self) -> Camera:
        """Return a camera at the glass."""
        return Camera(self.root / GLASS, self.known)

    def shell(self, script: str, stdin: str = "") -> str:
        """Run shell script on the Pi as root, with something to read; give what it says.

        Raises:
            ToolError: it failed.
        """
        argv = ["docker", "exec", "--interactive", self.pi.name, "sh", "-ec", script]
        return run(argv, stdin=stdin, timeout=_SHELL_SECONDS)

    def limit(self, option: str) -> None:
        """Limit what the whole Pi can have, by an option of `docker update`.

        Raises:
            ToolError: it failed.
        """
        run(["docker", "update", option, self.pi.name])

    def client(self) -> testing.Client:
        """Return the owner, logged in, with no connection yet."""
        return testing.Client(
            self.address, str(self.pi.ca_file), self.token, seconds=_ANSWER_SECONDS
        )

    def ask(self, method: str, path: str, **arguments: Any) -> tuple[int, Any]:
        """Send a request by a connection of its own: status and decoded answer.

        Raises:
            NOBODY: there was no answer.
        """
        client = self.client()
        with client.pool:
            return client.ask(method, path, **arguments)

    def log_in(self) -> None:
        """Take a token by the password, one visitor for all; not so often that it is refused.

        Raises:
            NOBODY: there was no answer.
        """
        with self._logging_in:
            if time.monotonic() - self._logged_in_at > _LOGIN_SECONDS:
                self._logged_in_at = time.monotonic()
                self._take_token()

    def _take_token(self) -> None:
        # A bad token is refused there, too.
        self.token = ""
        status, body = self.ask("POST", "/login", json=testing.login(self.pi.state))
        if status == OK:
            self.token = body["token"]

    def press(self) -> bool:
        """Press the button; tell whether there was one."""
        argv = container.execute(self.pi, "docker", "exec", "inkstand-pigpiod", "press", "22")
        return attempt(argv) is not None

    def learn(self, most: int) -> None:
        """Have the appliance draw what it would show for each number, and know that again."""
        for number in range(1, most + 1):
            client = self.client()
            with client.pool:
                body = {"text": text_of(number)}
                answer = client.request("POST", "/api/v1/preview", json=body)
            if answer.status != OK:
                raise ToolError(f"A preview was answered with {answer.status}: {answer.data!r}")
            self.known[fingerprint(answer.data)] = number
        if len(self.known) != most:
            raise ToolError("Some numbers look the same on the glass.")

    def settle(self) -> str:
        """Wait until all is well and nothing is on the glass to be read; say what is wrong."""
        try:
            wait_until(self._is_settled, seconds=_WELL_SECONDS, failure=self._not_settled)
        except ToolError as error:
            return str(error)
        failed = self.shell("systemctl --failed --no-legend --plain")
        return f"failed units: {failed}" if failed else ""

    def _is_settled(self) -> bool:
        try:
            status, said = self.ask("GET", "/api/v1/messages?state=waiting,shown")
            if is_stranger(status, said):
                self.log_in()
            if status != OK:
                return False
            for message in said["messages"]:
                self.ask("DELETE", f"/api/v1/messages/{message['id']}")
            return not said["messages"] and self._is_well() and self.camera().look()[1] is None
        except NOBODY:
            return False

    def _is_well(self) -> bool:
        status, said = self.ask("GET", "/healthz")
        return status == OK and said["status"] == "ok"

    def _not_settled(self) -> ToolError:
        try:
            said = json.dumps(self.ask("GET", "/healthz"))
        except NOBODY as error:
            said = str(error)
        return ToolError(f"not well after {_WELL_SECONDS:g} s: {said}")

    def newest(self) -> int:
        """Return the id of the message that came last, 0 if there is none."""
        _, said = self.ask("GET", "/api/v1/messages?limit=1")
        return next((int(message["id"]) for message in said["messages"]), 0)

    def texts_since(self, number: int) -> list[str]:
        """Return what messages say whose ids are greater; at most two hundred of them."""
        _, said = self.ask("GET", "/api/v1/messages?limit=200")
        return [message["text"] for message in said["messages"] if message["id"] > number]

    def mend(self) -> None:
        """Put right by hand what did not come back by itself, so that other faults can follow."""
        self.limit("--pids-limit=-1")
        attempt(["docker", "restart", self.pi.name], timeout=_SHELL_SECONDS)
        self.locate()
        scripts = ["epdfuse simulate fail ok", "systemctl reset-failed"]
        for script in [*scripts, "systemctl restart docker epd-fuse"]:
            attempt(container.execute(self.pi, *shlex.split(script)), timeout=_SHELL_SECONDS)
