"""Print the TCP ports of an address that answer: `scan.py ADDRESS PORT|FIRST-LAST ...`."""

import errno
import itertools
import select
import socket
import sys
import time
from collections.abc import Iterable, Iterator

AT_ONCE = 900
# How long a batch is given. The kernel answers for who listens, however busy the machine is.
PATIENCE = 0.5


def begin(address: str, port: int) -> socket.socket:
    """Begin to connect."""
    asked = socket.socket()
    asked.setblocking(False)
    error = asked.connect_ex((address, port))
    if error not in (0, errno.EINPROGRESS, errno.ECONNREFUSED):
        raise OSError(error, f"port {port} of {address} cannot be asked")
    return asked


def is_connected(asked: socket.socket) -> bool:
    """Tell whether somebody answered; a packet that is thrown away has no answer."""
    try:
        asked.getpeername()
    except OSError:
        return False
    return True


def wait(sockets: Iterable[socket.socket]) -> None:
    """Wait until all of them have an answer, at most for a while."""
    poller, left = select.poll(), set()
    for asked in sockets:
        poller.register(asked, select.POLLOUT)
        left.add(asked.fileno())
    end = time.monotonic() + PATIENCE
    while left and time.monotonic() < end:
        for descriptor, _ in poller.poll(50):
            poller.unregister(descriptor)
            left.discard(descriptor)


def scan(address: str, ports: Iterable[int]) -> Iterator[int]:
    """Give those that are open, in order."""
    waiting = iter(ports)
    while batch := list(itertools.islice(waiting, AT_ONCE)):
        sockets = {port: begin(address, port) for port in batch}
        wait(sockets.values())
        yield from (port for port, asked in sockets.items() if is_connected(asked))
        for asked in sockets.values():
            asked.close()


def ports(text: str) -> range:
    """Give the ports of `22` or `1-1024`."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    print(*scan(sys.argv[1], itertools.chain(*map(ports, sys.argv[2:]))))
