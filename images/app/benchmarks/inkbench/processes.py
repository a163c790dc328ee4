"""Servers to measure, and what the kernel says about them (Linux)."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import argon2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
SECRET = secrets.token_hex(32)
PASSWORD = secrets.token_urlsafe()
USER = "owner"
# As in images/app/Dockerfile.
AS_IN_ITS_IMAGE = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
    "MALLOC_TRIM_THRESHOLD_": "4194304",
}
# Under an emulator a start takes a minute while Python compiles what it imports.
_PATIENCE = 180.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A process that serves on `port`."""

    def __init__(
        self, port: int, program: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("INKSTAND_")}
        paths = f"{ROOT / 'images/app/src'}:{HERE.parent}"
        self.port = port
        self.process = subprocess.Popen(
            [*_own_mounts(), *program],
            env={**kept, "PYTHONPATH": paths, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        """Return when it takes connections."""
        deadline = time.monotonic() + _PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.process.args!r} does not serve")

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far, user and system."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def pss(self) -> float:
        """Memory in MB, what is shared with others counted in proportion."""
        lines = self._proc("smaps_rollup").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024

    @property
    def switches(self) -> int:
        """How often its threads went to sleep and came back, so far."""
        found = Path(f"/proc/{self.process.pid}/task").glob("*/status")
        lines = [line for path in found for line in path.read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary"))

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(_PATIENCE)

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.process.pid}/{name}").read_text()


def ours(
    state: Path,
    *,
    program: Sequence[str] = (sys.executable, "-m", "inkstand", "serve"),
    environment: Mapping[str, str] | None = None,
    **settings: str,
) -> AbstractContextManager[Server]:
    """Run Inkstand with its database in `state`; a memory panel and no button unless told."""
    port = free_port()
    chosen = {
        "panel": "memory",
        "button": "none",
        "log_level": "warning",
        "listen_port": str(port),
        "waiting_max": "1000000",
        "state_directory": str(state),
        "password_hash": _hash(),
        "token_secret": SECRET,
        **settings,
    }
    variables = {f"INKSTAND_{key.upper()}": value for key, value in chosen.items()}
    return running(port, program, {**AS_IN_ITS_IMAGE, **variables, **(environment or {})})


def log_in(server: Server) -> str:
    """Return a token for ours."""
    body = json.dumps({"username": USER, "password": PASSWORD})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_PATIENCE)
    with contextlib.closing(connection):
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/v1/session", body, headers)
        token: str = json.loads(connection.getresponse().read())["token"]
    return token


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextlib.contextmanager
def running(
    port: int, program: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a program that serves on `port`."""
    server = Server(port, program, environment)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def _own_mounts() -> list[str]:
    """Return a command that runs another in a mount namespace of its own, as a container has.

    The app wakes up for mounts that come and go, which may be those of others on this machine.
    """
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return []
    return ["unshare", "--mount", "--propagation", "private"]


def _hash() -> str:
    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return hasher.hash(PASSWORD)
