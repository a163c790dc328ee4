"""A client that costs little: the same bytes over and over, on connections that stay open."""

from __future__ import annotations

import re
import select
import socket
from dataclasses import dataclass

_SIZE = 262_144
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n")


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it: answers with the status that was wanted, and others."""

    right: int
    wrong: int


@dataclass(slots=True)
class _Client:
    connection: socket.socket
    received: bytes = b""


def request(method: str, path: str, token: str, body: bytes = b"", more: str = "") -> bytes:
    """Return a request of HTTP/1.1; `more` is header lines."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n{more}"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def run(port: int, message: bytes, status: int, *, requests: int, connections: int = 64) -> Load:
    """Send `message` on each connection again as soon as its answer is complete."""
    clients = [_Client(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
    try:
        return _Run(clients, message, status, requests).go()
    finally:
        for client in clients:
            client.connection.close()


class _Run:
    def __init__(self, clients: list[_Client], message: bytes, status: int, requests: int) -> None:
        self._clients = {client.connection.fileno(): client for client in clients}
        self._message = message
        self._wanted = b"HTTP/1.1 %d " % status
        self._left = requests
        self._right = self._wrong = 0

    def go(self) -> Load:
        busy = 0
        with select.epoll() as poll:
            for number, client in self._clients.items():
                poll.register(number, select.EPOLLIN)
                busy += self._send(client)
            while busy:
                for number, _ in poll.poll():
                    client = self._clients[number]
                    if self._receive(client):
                        busy -= not self._send(client)
        return Load(self._right, self._wrong)

    def _send(self, client: _Client) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        client.connection.sendall(self._message)
        return True

    def _receive(self, client: _Client) -> bool:
        data = client.connection.recv(_SIZE)
        if not data:
            raise ConnectionError("the server closed a connection")
        client.received += data
        if not is_complete(client.received):
            return False
        right = client.received.startswith(self._wanted)
        self._right += right
        self._wrong += not right
        client.received = b""
        return True


def is_complete(answer: bytes) -> bool:
    """Tell whether an answer with a Content-Length is there as a whole."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = _LENGTH.search(answer, 0, end + 2)
    return length is not None and len(answer) - end - 4 >= int(length[1])
