"""A connection to addresses that were checked, over which no more comes than is wanted."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from inkstand.errors import FetchError
from inkstand.fetching.addresses import is_address, is_public

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiohttp.connector import Connection

    from inkstand.fetching.addresses import Target

    # The addresses of a host and a port, as numbers; raises OSError if there are none.
    Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# Bytes of an answer beside its body: the head, and the sizes of its chunks.
_MAX_AROUND = 65_536


async def ask_system(host: str, port: int) -> Sequence[str]:
    """Return the addresses that this machine knows for a name.

    Raises:
        OSError: there are none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [str(address[0]) for *_, address in found]


async def checked_addresses(target: Target, resolve: Resolve, *, private: bool) -> Sequence[str]:
    """Return the addresses of `target`, all of them public unless it may be `private`.

    Raises:
        FetchError: there are none, or one is not public.
    """
    addresses = await _addresses(target, resolve)
    refused = [address for address in addresses if not is_public(address)]
    if refused and not private:
        at = "" if is_address(target.host) else f" is at {refused[0]}, which"
        raise FetchError(
            f"{target.host}{at} is an address of a private network; allow it with private = true"
        )
    return addresses


async def _addresses(target: Target, resolve: Resolve) -> Sequence[str]:
    if is_address(target.host):
        return [target.host]
    try:
        addresses = await resolve(target.host, target.port)
    except (OSError, UnicodeError):
        addresses = []
    if not addresses:
        raise FetchError(f"the address of {target.host} cannot be found")
    return addresses


class CheckedResolver(AbstractResolver):
    """Knows the addresses of one host, asked for once, and those of nobody else.

    A name that is asked for a second time may lead elsewhere (DNS rebinding).
    """

    def __init__(self, host: str, addresses: Sequence[str]) -> None:
        self._host = host
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses that were checked."""
        if host != self._host:
            raise OSError(None, f"{host} was not checked")
        return [_result(host, port, address, family) for address in self._addresses]

    async def close(self) -> None:
        """Do nothing: it holds nothing."""


def _result(host: str, port: int, address: str, family: socket.AddressFamily) -> ResolveResult:
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
    )


class Budget:
    """What may come over a connection for a body of `max_bytes`, generously."""

    def __init__(self, max_bytes: int) -> None:
        self._left = 2 * max_bytes + _MAX_AROUND

    @property
    def is_spent(self) -> bool:
        """Whether more came, so that the connection was cut."""
        return self._left < 0

    def spend(self, count: int) -> None:
        """Note that so many bytes came."""
        self._left -= count


def limited_by(budget: Budget) -> type[aiohttp.ClientRequest]:
    """Return what makes requests whose connection is cut when `budget` is spent.

    aiohttp takes header after header for as long as they come: 200 MB in a second.
    """

    class LimitedRequest(aiohttp.ClientRequest):
        async def send(self, conn: Connection) -> aiohttp.ClientResponse:
            transport, protocol = conn.transport, conn.protocol
            if transport is not None and protocol is not None:
                transport.set_protocol(_Limit(transport, protocol, budget))
            return await super().send(conn)

    return LimitedRequest


class _CutError(aiohttp.ClientError):
    """The connection was cut by us; aiohttp tries again when others do."""


class _Limit(asyncio.Protocol):
    """Stands between a transport and the protocol it had."""

    def __init__(
        self, transport: asyncio.Transport, inner: asyncio.Protocol, budget: Budget
    ) -> None:
        self._transport = transport
        self._inner = inner
        self._budget = budget
        self._is_cut = False

    def data_received(self, data: bytes) -> None:
        if self._is_cut:
            return
        self._budget.spend(len(data))
        if self._budget.is_spent:
            self._is_cut = True
            self._transport.abort()
            self._inner.connection_lost(_CutError())
        else:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_cut:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
