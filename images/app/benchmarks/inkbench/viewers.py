"""Many who look at once: does each get each frame, and what does it cost to tell them."""

from __future__ import annotations

import re
import select
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inkbench import load
from inkbench.processes import log_in, ours

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inkbench.processes import Server

_PATIENCE = 60.0
_SIZE = 262_144
_WEBSOCKET = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
# How events begin, in Server-Sent Events and in the text of a WebSocket.
_EVENT = {"sse": re.compile(rb"event: (\w+)\n"), "websocket": re.compile(rb'"type":"(\w+)","data"')}
# No mark is longer; so much of the end is kept, lest one is cut in two.
_OVERLAP = 64


@dataclass(slots=True)
class Viewer:
    """One connection, and the kinds of events that came, in order."""

    connection: socket.socket
    kinds: list[bytes] = field(default_factory=list)
    rest: bytes = b""

    def take(self, pattern: re.Pattern[bytes]) -> None:
        """Read what has come."""
        data = self.connection.recv(_SIZE)
        if not data:
            raise ConnectionError("the server closed the stream of a viewer")
        text, end = self.rest + data, 0
        for match in pattern.finditer(text):
            self.kinds.append(match[1])
            end = match.end()
        self.rest = text[max(end, len(text) - _OVERLAP) :]


@dataclass(frozen=True, slots=True)
class Delivery:
    """How many viewers got all frames of how many, µs of processor time an event, its seconds."""

    viewers: int
    complete: int
    frames: int
    cost: float
    slowest: float


def measure(state: Path, protocol: str, count: int, frames: int) -> Delivery:
    """Let `count` viewers look by "sse" or "websocket" while `frames` come onto the glass."""
    with ours(state) as server:
        token = log_in(server)
        crowd = _Crowd(_EVENT[protocol])
        try:
            crowd.join(server, token, count, _WEBSOCKET if protocol == "websocket" else "")
            return _deliver(server, token, crowd, frames)
        finally:
            crowd.leave()


def _deliver(server: Server, token: str, crowd: _Crowd, frames: int) -> Delivery:
    events, cpu, slowest = crowd.events, server.cpu, 0.0
    for number in range(frames):
        begin = time.perf_counter()
        # Each shows another screen, so each is a frame.
        body = b'{"screen": "%s"}' % (b"clock" if number % 2 else b"status")
        done = load.run(
            server.port,
            load.request("PUT", "/api/v1/screen", token, body),
            200,
            requests=1,
            connections=1,
        )
        if not done.right:
            raise RuntimeError("the screen cannot be changed")
        crowd.until_frames(number + 1)
        slowest = max(slowest, time.perf_counter() - begin)
    spent = server.cpu - cpu
    complete = crowd.with_frames(frames)
    return Delivery(crowd.size, complete, frames, spent / (crowd.events - events) * 1e6, slowest)


class _Crowd:
    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self._pattern = pattern
        self._viewers: dict[int, Viewer] = {}
        self._poll = select.epoll()

    @property
    def size(self) -> int:
        return len(self._viewers)

    @property
    def events(self) -> int:
        return sum(len(viewer.kinds) for viewer in self._viewers.values())

    def join(self, server: Server, token: str, count: int, more: str) -> None:
        message = load.request("GET", "/api/v1/events", token, more=more)
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.sendall(message)
            self._viewers[connection.fileno()] = Viewer(connection)
            self._poll.register(connection.fileno(), select.EPOLLIN)
        self._until(lambda: all(viewer.kinds for viewer in self._viewers.values()))
        for viewer in self._viewers.values():
            viewer.kinds.clear()

    def leave(self) -> None:
        for viewer in self._viewers.values():
            viewer.connection.close()
        self._poll.close()

    def until_frames(self, number: int) -> None:
        self._until(lambda: self.with_frames(number) == self.size)

    def with_frames(self, number: int) -> int:
        return sum(viewer.kinds.count(b"frame") >= number for viewer in self._viewers.values())

    def _until(self, condition: Callable[[], bool]) -> None:
        """Read until it holds, or nothing has come for long."""
        while not condition():
            ready = self._poll.poll(_PATIENCE)
            if not ready:
                return
            for number, _ in ready:
                self._viewers[number].take(self._pattern)
