"""One event as viewers get it, encoded when the first of them wants it, once for all."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event in the form of each of the two protocols."""

    sse: bytes
    text: bytes  # of a WebSocket


class Item:
    """An event of `kind` with the id `name` (None: it cannot be resumed from).

    `make` returns what the event says; it is awaited at most once, and not at all when nobody
    looks.
    """

    def __init__(
        self, name: str | None, kind: str, make: Callable[[], Awaitable[dict[str, Any]]]
    ) -> None:
        self.name = name
        self.kind = kind
        self.ready: Encoded | None = None
        self._make = make

    async def encoded(self) -> Encoded:
        """Return the event, encoded."""
        if self.ready is None:
            # A viewer that goes away must not take it from those who wait for the same.
            await asyncio.shield(self._encoding)
        assert self.ready is not None  # noqa: S101 - for the type checker
        return self.ready

    @cached_property
    def _encoding(self) -> asyncio.Task[None]:
        return asyncio.ensure_future(self._encode())

    async def _encode(self) -> None:
        self.ready = encode(self.name, self.kind, await self._make())


def encode(name: str | None, kind: str, data: dict[str, Any]) -> Encoded:
    """Return an event for both protocols."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    identity = b"" if name is None else b"id: %s\n" % name.encode()
    sse = b"%sevent: %s\ndata: %s\n\n" % (identity, kind.encode(), body)
    head = json.dumps({"id": name, "type": kind}, separators=(",", ":")).encode()
    return Encoded(sse, b'%s,"data":%s}' % (head[:-1], body))
