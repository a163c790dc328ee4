"""Ask for much from many addresses at once: crowd.py WHAT NUMBER VISITORS SOURCE…, token as input.

Says as JSON what came of the requests. `half` ones are held for a while, and WebSockets that were
opened until all have been answered.
"""

from __future__ import annotations

import collections
import http.client
import itertools
import json
import ssl
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "198.51.100.1"
# Seconds: half requests are held, and an answer is waited for.
HELD, PATIENCE = 20.0, 10.0
BODY = 100 * 1024 * 1024
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
HALF = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Filler: " + b"x" * 12_000
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
EVENTS, MESSAGES = "/api/v1/events", "/api/v1/messages"
Asked = tuple[str, str, Any, dict[str, str]]


def large() -> Iterator[bytes]:
    """Yield a body that is far larger than what is taken."""
    yield from itertools.repeat(bytes(65536), BODY // 65536)


def asked(what: str) -> Asked:
    """Return method, path, body and headers of a request."""
    scheduled = json.dumps({"text": "Crowd", "show_at": TOMORROW})
    return {
        "pages": ("GET", "/", None, {}),
        "posts": ("POST", MESSAGES, scheduled, {"Content-Type": "application/json"}),
        "bodies": ("POST", MESSAGES, large(), {"Content-Length": str(BODY)}),
        "chunks": ("POST", MESSAGES, large(), {}),
        "websockets": ("GET", EVENTS, None, UPGRADE),
    }[what]


class Crowd:
    """All who ask; `came` counts status codes, and what else became of a request."""

    def __init__(self, what: str, number: int, token: str) -> None:
        self.came: collections.Counter[str] = collections.Counter()
        self._what, self._token = what, token
        self._left = iter(range(number))
        self._turn, self._over = threading.Lock(), threading.Event()

    def visit(self, source: str) -> None:
        """Ask from an address until all that was to be asked has been."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            HOST, 443, context=context, timeout=PATIENCE, source_address=(source, 0)
        )
        while self._is_more():
            try:
                came = self._hold(connection) if self._what == "half" else self._ask(connection)
            except (OSError, http.client.HTTPException) as error:
                came = type(error).__name__
                connection.close()
            with self._turn:
                self.came[came] += 1
            if came == "101":
                self._over.wait()
        if self._what != "half":
            self._over.set()
        connection.close()

    def _is_more(self) -> bool:
        with self._turn:
            return next(self._left, None) is not None

    def _ask(self, connection: http.client.HTTPSConnection) -> str:
        method, path, body, headers = asked(self._what)
        names = {"Host": "localhost", **headers}
        names |= {"Authorization": self._token} if self._token else {}
        connection.request(method, path, body, names, encode_chunked=True)
        answer = connection.getresponse()
        if answer.status != http.client.SWITCHING_PROTOCOLS:
            answer.read()
        return str(answer.status)

    def _hold(self, connection: http.client.HTTPSConnection) -> str:
        connection.connect()
        connection.sock.sendall(HALF)
        self._over.wait(HELD)
        return "held"


def main(what: str, number: str, visitors: str, *sources: str) -> None:
    """Do it."""
    crowd = Crowd(what, int(number), sys.stdin.readline().strip())
    with ThreadPoolExecutor(int(visitors)) as threads:
        each = itertools.islice(itertools.cycle(sources), int(visitors))
        for visit in [threads.submit(crowd.visit, source) for source in each]:
            visit.result()
    print(json.dumps(crowd.came))


if __name__ == "__main__":
    main(*sys.argv[1:])
