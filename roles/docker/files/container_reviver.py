"""Start containers again that were killed.

`docker kill` marks a container as stopped by hand, and no restart policy brings such a container
back. This program listens to the engine's events (Docker Engine API, `GET /events`): a container
with the label that dies, and of which nothing is heard within a second (`stop`: somebody stopped
it, `destroy`: removed it, `start`: it is back), is started. It sleeps until something happens.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

API = "v1.40"
GRACE_SECONDS = 1.0
ANSWER_SECONDS = 30
EVENTS = ("die", "stop", "destroy", "start")
STARTED = (204, 304)


class Wards:
    """The containers that died a moment ago, each with the time when it is to be started.

    `stop` comes shortly before or shortly after `die`.
    """

    def __init__(self, grace: float = GRACE_SECONDS) -> None:
        self._grace = grace
        self._due: dict[str, float] = {}
        self._stopped: dict[str, float] = {}

    def see(self, event: dict[str, Any], now: float) -> None:
        """Take an event of the engine into account; `now` is in seconds of a steady clock."""
        name = event["Actor"]["Attributes"]["name"]
        if event["Action"] == "die":
            self._died(name, now)
            return
        self._due.pop(name, None)
        if event["Action"] == "stop":
            self._stopped[name] = now

    def _died(self, name: str, now: float) -> None:
        stopped = self._stopped.pop(name, None)
        if stopped is None or now - stopped > self._grace:
            self._due[name] = now + self._grace

    def wait(self, now: float) -> float | None:
        """Give the seconds until the next start, None when there is none to wait for."""
        return max(0.0, min(self._due.values()) - now) if self._due else None

    def take_due(self, now: float) -> list[str]:
        """Give the names of those to start now, and forget them."""
        due = [name for name, when in self._due.items() if when <= now]
        for name in due:
            del self._due[name]
        return due


class Lines:
    """Whole lines out of the pieces that a socket gives."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """Add a piece, and give the lines that are whole now."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [line for line in lines if line.strip()]


def request(method: str, path: str) -> bytes:
    """Write a request of HTTP/1.0: the answer comes as it is, without chunks."""
    length = "Content-Length: 0\r\n" if method == "POST" else ""
    return f"{method} /{API}/{path} HTTP/1.0\r\nHost: docker\r\n{length}\r\n".encode()


def events_path(label: str) -> str:
    """Give the path of the events of containers with a label."""
    filters = {"type": ["container"], "event": list(EVENTS), "label": [label]}
    return f"events?filters={quote(json.dumps(filters))}"


def status_of(head: bytes) -> int:
    """Read the status out of the first line of an answer."""
    return int(head.split(None, 2)[1])


def _connect(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def start(engine: str, name: str) -> int:
    """Start a container and give the status of the answer."""
    with _connect(engine) as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.sendall(request("POST", f"containers/{quote(name)}/start"))
        with connection.makefile("rb") as answer:
            return status_of(answer.readline())


def notify_ready() -> None:
    """Tell systemd that the program listens (sd_notify)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifying:
        notifying.sendto(b"READY=1", address.replace("@", "\0", 1))


def _skip_head(connection: socket.socket, lines: Lines) -> list[bytes]:
    """Read up to the end of the answer's head, and give the lines that came with it."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(4096)
        if not piece:
            raise ConnectionError("the engine closed the connection")
        head += piece
    head, rest = head.split(b"\r\n\r\n", 1)
    if status_of(head) != 200:  # noqa: PLR2004  (HTTP's OK)
        raise ConnectionError(f"the engine answered {status_of(head)}")
    return lines.feed(rest)


def pieces(connection: socket.socket, wards: Wards) -> Iterator[list[bytes]]:
    """Give lines as they come, and nothing whenever a container is due."""
    lines = Lines()
    yield _skip_head(connection, lines)
    while True:
        readable, _, _ = select.select([connection], [], [], wards.wait(time.monotonic()))
        piece = connection.recv(65536) if readable else None
        if piece == b"":
            return
        yield lines.feed(piece) if piece else []


def revive(engine: str, name: str) -> None:
    """Start a container, and say how that went."""
    status = start(engine, name)
    verdict = "started again" if status in STARTED else f"not started, the engine says {status}"
    print(f"{name} died: {verdict}", flush=True)


def watch(engine: str, label: str) -> None:
    """Listen until the engine goes away.

    Raises:
        OSError: there is no engine, or it does not answer.
    """
    wards = Wards()
    with _connect(engine) as connection:
        connection.sendall(request("GET", events_path(label)))
        for number, lines in enumerate(pieces(connection, wards)):
            if number == 0:
                notify_ready()
            for line in lines:
                wards.see(json.loads(line), time.monotonic())
            for name in wards.take_due(time.monotonic()):
                revive(engine, name)


def main(argv: Sequence[str] | None = None) -> int:
    """Run until the engine goes away; whoever started this starts it again."""
    parser = argparse.ArgumentParser(description="Start containers again that were killed.")
    parser.add_argument("--label", required=True, help="the label of the containers to look after")
    parser.add_argument("--engine", default="/run/docker.sock", help="the engine's socket")
    options = parser.parse_args(argv)
    try:
        watch(options.engine, options.label)
    except OSError as error:
        print(f"The engine cannot be listened to: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
