"""`/api/v1/events`: what happens, while it happens, over one of two protocols."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, web

from inkstand.api.access import Scope, principal_of
from inkstand.api.http import query_of
from inkstand.api.item import encode
from inkstand.api.keys import SERVICES
from inkstand.api.operations import TEXT, Operations, header
from inkstand.api.schemas import EventsQuery
from inkstand.clock import first_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from inkstand.api.item import Encoded, Item
    from inkstand.api.ring import Viewer

PING_SECONDS = 20.0
_RETRY = b"retry: 2000\n\n"
_PING = b": ping\n\n"
_SSE = {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
# Clients have nothing to say.
_LONGEST_WORD = 4096
OPERATIONS = Operations("panel")
_LAST = header("Last-Event-ID", "Go on after this event; else it begins with `hello`.")


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
    feed = request.app[SERVICES].feed
    last_seen = request.headers.get("Last-Event-ID") or query_of(request, EventsQuery).last_event_id
    talk = _talk if request.headers.get("Upgrade", "").lower() == "websocket" else _stream
    viewer, first = feed.join(last_seen, principal.token_id)
    try:
        return await talk(request, viewer, first)
    finally:
        feed.leave(viewer)


async def _stream(request: web.Request, viewer: Viewer, first: Item | None) -> web.StreamResponse:
    response = web.StreamResponse(headers=_SSE)
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        await response.write(_RETRY)
        async for encoded in _told(viewer, first):
            await response.write(_PING if encoded is None else encoded.sse)
    return response


async def _talk(request: web.Request, viewer: Viewer, first: Item | None) -> web.StreamResponse:
    socket = web.WebSocketResponse(
        heartbeat=PING_SECONDS, compress=False, max_msg_size=_LONGEST_WORD
    )
    await socket.prepare(request)
    with contextlib.suppress(ConnectionError):
        await first_of(_send(socket, viewer, first), _until_closed(socket))
        await socket.close(code=WSCloseCode.GOING_AWAY)
    return socket


async def _send(socket: web.WebSocketResponse, viewer: Viewer, first: Item | None) -> None:
    async for encoded in _told(viewer, first):
        if encoded is not None:
            await socket.send_frame(encoded.text, WSMsgType.TEXT)


async def _until_closed(socket: web.WebSocketResponse) -> None:
    """Read, so that pings are answered; what clients say means nothing."""
    async for _ in socket:
        pass


async def _told(viewer: Viewer, first: Item | None) -> AsyncIterator[Encoded | None]:
    """Yield what to send, None when nothing happened for a while, until the viewer is closed."""
    if first is not None:
        yield await first.encoded()
    while not viewer.closed:
        lost, item = viewer.take()
        if lost:
            yield encode(None, "lost", {"count": lost})
        if item is not None:
            yield item.ready or await item.encoded()
        elif not await viewer.wait(PING_SECONDS):
            yield None


async def end_all(app: web.Application) -> None:
    """End all streams, which would keep the server from stopping; a signal's handler."""
    app[SERVICES].feed.close()
