"""The command `inkstand` as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOURCE = Path(__file__).parents[2] / "src"
PATIENCE = 60.0


def environment(**variables: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("INKSTAND_")}
    return {**kept, "PYTHONPATH": str(SOURCE), **variables}


class Command:
    """A running `inkstand`; its output is read line by line."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "inkstand", *arguments],
            env=environment(**variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read until a line matches and return the match."""
        for line in self._output:
            self.lines.append(line)
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"it ended without {pattern!r}: {self.lines}")

    def press_enter(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def interrupt(self, number: int = signal.SIGINT) -> int:
        """Send a signal and return the exit code; the rest of the output is in `lines`."""
        self.process.send_signal(number)
        self.lines += self._output.readlines()
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End it whatever it does."""
        self.process.kill()
        self.process.communicate()

    @property
    def _output(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Start `inkstand` with arguments and environment variables, and a state directory."""
    commands: list[Command] = []

    def run(*arguments: str, **variables: str) -> Command:
        # A demo that is killed cannot take its temporary directory away.
        kept = {"INKSTAND_STATE_DIRECTORY": str(tmp_path / "state"), "TMPDIR": str(tmp_path)}
        commands.append(Command(*arguments, **{**kept, **variables}))
        return commands[-1]

    yield run
    for command in commands:
        command.close()


@pytest.fixture
def inkstand() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `inkstand` to its end."""

    def run(*arguments: str, given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "inkstand", *arguments],
            env=environment(**variables),
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class Demo:
    """The demo, and requests to it."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.url = command.wait_for(r"Open +(http://\S+/)")[1]
        self.user = command.wait_for(r"User +(\S+)")[1]
        self.password = command.wait_for(r"Password +(\S+)")[1]
        command.wait_for("Ctrl-C")
        self.token = self.log_in()

    def log_in(self) -> str:
        body = {"username": self.user, "password": self.password}
        answer = requests.post(self.url + "login", json=body, timeout=PATIENCE)
        answer.raise_for_status()
        token: str = answer.json()["token"]
        return token

    def send(self, message: str) -> requests.Response:
        return requests.post(
            self.url + "messages",
            json={"message": message},
            headers={"Authorization": self.token},
            timeout=PATIENCE,
        )

    def glass(self) -> bytes:
        """Return the picture of the panel."""
        headers = {"Authorization": self.token}
        answer = requests.get(self.url + "api/v1/panel.png", headers=headers, timeout=PATIENCE)
        return answer.content if answer.ok else b""

    def screen(self) -> dict[str, Any]:
        """Return what is shown."""
        headers = {"Authorization": self.token}
        answer = requests.get(self.url + "api/v1/screen", headers=headers, timeout=PATIENCE)
        found: dict[str, Any] = answer.json()
        return found

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Ask until the answer is yes."""
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < deadline, "it does not come"
            time.sleep(0.05)

    def glass_after(self, before: bytes) -> bytes:
        """Return the picture of the panel once it differs from `before`."""
        deadline = time.monotonic() + PATIENCE
        while (now := self.glass()) == before:
            assert time.monotonic() < deadline, "the glass did not change"
            time.sleep(0.02)
        return now


@pytest.fixture
def demo(start: Callable[..., Command]) -> Demo:
    return Demo(start("demo"))
