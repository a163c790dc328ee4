"""Connections: bytes in, answers and reports out, and what one peer may cost the others."""

import asyncio
import logging
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pigpiod_bridge.bridge import Bridge
from pigpiod_bridge.commands import Session
from pigpiod_bridge.wire import ProtocolError, RequestDecoder, encode_answer

LOG: Final = logging.getLogger(__name__)

_KEEP_ALIVE_OPTIONS: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What peers may cost.

    ``read`` is how many bytes of a connection are dealt with before the others have a turn,
    ``output`` how many may wait for a client that does not read: beyond it a report stream is
    dropped; answers stop earlier, because its requests are no longer read.
    """

    connections: int = 64
    read: int = 4096
    output: int = 65_536


class Connection(asyncio.BufferedProtocol):
    """One client."""

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._limits = server.limits
        self._input = memoryview(bytearray(self._limits.read))
        self._decoder = RequestDecoder()
        self._session = Session(server.bridge, self._send_report)
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection in, or ends it when there are too many."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 what TCP servers give
        self._transport = transport
        transport.set_write_buffer_limits(high=self._limits.output // 4)
        with suppress(OSError):  # the peer may be gone already
            _tune(transport, self._limits.output)
        if not self._server.admit(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 asyncio's signature
        """Frees what the connection had."""
        self._session.close()
        self._server.forget(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 asyncio's signature
        """Returns where the next bytes go."""
        return self._input

    def buffer_updated(self, nbytes: int) -> None:
        """Answers every request that is complete."""
        self._decoder.feed(self._input[:nbytes])
        try:
            self._answer_all()
        except ProtocolError as error:
            LOG.warning("%s: closing: %s", self.peer(), error)
            self._transport.close()

    def pause_writing(self) -> None:
        """Reads no more requests from a client that does not read its answers."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Reads on."""
        self._transport.resume_reading()

    def peer(self) -> str:
        """Returns the client's address for the log."""
        name = self._transport.get_extra_info("peername") or ("unknown", 0)
        return f"{name[0]}:{name[1]}"

    def abort(self) -> None:
        """Ends the connection at once."""
        self._transport.abort()

    def _answer_all(self) -> None:
        while (request := self._decoder.take()) is not None:
            self._transport.write(encode_answer(request, self._session.answer(request)))

    def _send_report(self, report: bytes) -> None:
        if self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() + len(report) > self._limits.output:
            LOG.warning("%s: dropped: it does not read its reports", self.peer())
            self._transport.abort()
            return
        self._transport.write(report)


def _tune(transport: asyncio.Transport, output: int) -> None:
    sock: socket.socket = transport.get_extra_info("socket")
    # Left to itself the kernel would queue megabytes for a client that does not read.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, output)
    for level, option, value in _KEEP_ALIVE_OPTIONS:
        sock.setsockopt(level, option, value)


class Server:
    """All connections to one bridge."""

    def __init__(self, bridge: Bridge, limits: Limits | None = None) -> None:
        self.bridge = bridge
        self.limits = limits or Limits()
        self._connections: set[Connection] = set()
        self._full = False
        self._listener: asyncio.Server

    async def start(self, host: str, port: int) -> None:
        """Listens; port 0 takes a free one.

        Raises:
            OSError: the address cannot be listened on; says which and why.
        """
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(lambda: Connection(self), host, port)
        except OSError as error:
            raise OSError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error

    @property
    def address(self) -> tuple[str, int]:
        """Returns the address and port that are listened on."""
        host, port = self._listener.sockets[0].getsockname()[:2]
        return host, port

    def close(self) -> None:
        """Stops listening and ends every connection at once."""
        self._listener.close()
        for connection in tuple(self._connections):
            connection.abort()

    def admit(self, connection: Connection) -> bool:
        """Takes note of a connection; says whether there was room for it."""
        if len(self._connections) < self.limits.connections:
            self._connections.add(connection)
            return True
        self._refuse(connection)
        return False

    def forget(self, connection: Connection) -> None:
        """Makes room for another connection."""
        if connection in self._connections:
            self._connections.remove(connection)
            self._full = False

    def _refuse(self, connection: Connection) -> None:
        if not self._full:
            LOG.warning(
                "%s: refused, and all others until there is room: %d clients are connected",
                connection.peer(),
                self.limits.connections,
            )
        self._full = True
