"""Stand in for the app: the few addresses that Traefik treats in a way of its own."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Encode = Callable[[bytes], bytes]

EVENTS = "/api/v1/events"
# RFC 6455, section 1.3.
WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class App(BaseHTTPRequestHandler):
    """Answers 401 at `/`, a tick a second at the address of events, elsewhere what was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Take a request without a body."""
        if self.path == EVENTS:
            self._events()
        elif self.path == "/":
            self._answer(HTTPStatus.UNAUTHORIZED, b'{"error": "Unauthorized"}')
        else:
            self._echo(0)

    def do_POST(self) -> None:
        """Take a request with a body."""
        length = int(self.headers.get("Content-Length", 0))
        self.rfile.read(length)
        self._echo(length)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _echo(self, length: int) -> None:
        asked = {"path": self.path, "length": length, "headers": dict(self.headers)}
        self._answer(HTTPStatus.OK, json.dumps(asked).encode())

    def _answer(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _events(self) -> None:
        key = self.headers.get("Sec-WebSocket-Key")
        if key:
            self._upgrade(key)
        else:
            self._stream()
        try:
            self._tick(lambda text: _frame(text) if key else b"data: " + text + b"\n\n")
        except OSError:
            self.close_connection = True

    def _upgrade(self, key: str) -> None:
        accept = base64.b64encode(hashlib.sha1((key + WEBSOCKET).encode()).digest())
        self.send_response(HTTPStatus.SWITCHING_PROTOCOLS)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept.decode())
        self.end_headers()

    def _stream(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()

    def _tick(self, encode: Encode) -> None:
        for number in range(3600):
            self.wfile.write(encode(f"{number} {time.time()}".encode()))
            self.wfile.flush()
            time.sleep(1)


def _frame(text: bytes) -> bytes:
    """Encode a text frame of fewer than 126 bytes."""
    return bytes([0x81, len(text)]) + text


if __name__ == "__main__":
    ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), App).serve_forever()
