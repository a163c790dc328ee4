"""`/api/v1/events`: what happens, while it happens, over one of two protocols.

The latest events are numbered, for any number of viewers that read at their own speed. Nothing is
copied for a viewer and nobody waits for one: each is a place in the backlog. One that is so slow
that its place was overwritten goes on at the oldest event that is left, and is told how many it
lost.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from inkstand.accounts.model import Scope
from inkstand.api.operations import TEXT, Operations, header, principal_of, query_of
from inkstand.api.schemas import Request
from inkstand.api.services import SERVICES
from inkstand.clock import first_of

SIZE = 256
PING_SECONDS = 20.0
_RETRY = b"retry: 2000\n\n"
_PING = b": ping\n\n"
_SSE = {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
# Clients have nothing to say.
_LONGEST_WORD = 4096
OPERATIONS = Operations("panel")
_LAST = header("Last-Event-ID", "Go on after this event; else it begins with `hello`.")


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event in the form of each of the two protocols."""

    sse: bytes
    text: bytes  # of a WebSocket


class StreamEvent:
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


class Backlog:
    """Events in the order they happened; the first has the number 1."""

    def __init__(self, size: int = SIZE) -> None:
        self._events: deque[StreamEvent] = deque(maxlen=size)
        self._grown = asyncio.Event()
        self.last = 0

    @property
    def first(self) -> int:
        """The number of the oldest event that is left."""
        return self.last - len(self._events) + 1

    def append(self, event: StreamEvent) -> None:
        """Append the event with the number `last` + 1, and wake up who waits for it."""
        self._events.append(event)
        self.last += 1
        self.wake()

    def wake(self) -> None:
        """Make everybody who waits look again."""
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    def event(self, number: int) -> StreamEvent:
        """Return the event with that number, which is one from `first` to `last`."""
        return self._events[number - self.first]

    async def wait(self) -> None:
        """Return when there is something new, or somebody called wake()."""
        await self._grown.wait()


class Viewer:
    """A place in a backlog: what came after the event with the number `seen`.

    `token` is the id of the token by which it was let in, `holder` who has it.
    """

    def __init__(self, backlog: Backlog, seen: int, token: str, holder: str = "") -> None:
        self.token = token
        self.holder = holder or token
        self.closed = False
        self._backlog = backlog
        self._seen = seen

    def close(self) -> None:
        """Make it end before its next event."""
        self.closed = True
        self._backlog.wake()

    def take(self) -> tuple[int, StreamEvent | None]:
        """Return how many events were lost since the last call, and the next one, if there is one.

        Where events were lost there is always a next one.
        """
        backlog = self._backlog
        lost = max(0, backlog.first - 1 - self._seen)
        self._seen += lost
        if self._seen >= backlog.last:
            return 0, None
        self._seen += 1
        return lost, backlog.event(self._seen)

    async def wait(self, seconds: float) -> bool:
        """Return True when there may be something to take, False after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._backlog.wait()
        except TimeoutError:
            return False
        return True


@dataclass(frozen=True, kw_only=True)
class EventsQuery(Request):
    """Query of `GET /events`."""

    last_event_id: str = ""


@OPERATIONS.add(
    "get",
    "/events",
    "events",
    Scope.READ,
    parameters=(_LAST,),
    query=EventsQuery,
    answers={101: None, 200: {"text/event-stream": {"schema": TEXT}}},
    errors=(503,),
)
async def events(request: web.Request) -> web.StreamResponse:
    """What happens, while it happens: as Server-Sent Events or by a WebSocket."""
    principal = principal_of(request)
    broadcaster = request.app[SERVICES].broadcaster
    last_seen = request.headers.get("Last-Event-ID") or query_of(request, EventsQuery).last_event_id
    talk = _talk if request.headers.get("Upgrade", "").lower() == "websocket" else _stream
    viewer, first = broadcaster.join(last_seen, principal.token_id, principal.holder)
    try:
        return await talk(request, viewer, first)
    finally:
        broadcaster.leave(viewer)


async def _stream(
    request: web.Request, viewer: Viewer, first: StreamEvent | None
) -> web.StreamResponse:
    response = web.StreamResponse(headers=_SSE)
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        await response.write(_RETRY)
        async for encoded in _told(viewer, first):
            await response.write(_PING if encoded is None else encoded.sse)
    return response


async def _talk(
    request: web.Request, viewer: Viewer, first: StreamEvent | None
) -> web.StreamResponse:
    socket = web.WebSocketResponse(
        heartbeat=PING_SECONDS, compress=False, max_msg_size=_LONGEST_WORD
    )
    await socket.prepare(request)
    with contextlib.suppress(ConnectionError):
        await first_of(_send(socket, viewer, first), _until_closed(socket))
        await socket.close(code=WSCloseCode.GOING_AWAY)
    return socket


async def _send(socket: web.WebSocketResponse, viewer: Viewer, first: StreamEvent | None) -> None:
    async for encoded in _told(viewer, first):
        if encoded is not None:
            await socket.send_frame(encoded.text, WSMsgType.TEXT)


async def _until_closed(socket: web.WebSocketResponse) -> None:
    """Read, so that pings are answered; what clients say means nothing."""
    async for _ in socket:
        pass


async def _told(viewer: Viewer, first: StreamEvent | None) -> AsyncIterator[Encoded | None]:
    """Yield what to send, None when nothing happened for a while, until the viewer is closed."""
    if first is not None:
        yield await first.encoded()
    while not viewer.closed:
        lost, event = viewer.take()
        if lost:
            yield encode(None, "lost", {"count": lost})
        if event is not None:
            yield event.ready or await event.encoded()
        elif not await viewer.wait(PING_SECONDS):
            yield None


async def end_all(app: web.Application) -> None:
    """End all streams, which would keep the server from stopping; a signal's handler."""
    app[SERVICES].broadcaster.close()
