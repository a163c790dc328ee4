"""Connections of clients, and what becomes of what aiohttp alone cannot answer."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from aiohttp import web

from inkstand.api.middlewares import answer_headers

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

# Seconds in which the rest of a body is taken that nobody wants, so that its sender reads why.
_LINGERING_TIME = 1.0


class JsonConnection(web.RequestHandler):
    """Answers what is no HTTP like everything else: as JSON, and with all headers."""

    def __init__(self, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            # None is what switches it off, whatever its type says.
            access_log=None,  # type: ignore[arg-type]
            lingering_time=_LINGERING_TIME,
        )

    def data_received(self, data: bytes) -> None:
        """Take what came from the client."""
        try:
            super().data_received(data)
        except ValueError:
            # A target such as http://[ is more than the parser of aiohttp 3.11 can bear.
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to what never came to a handler, whose errors end in a middleware."""
        super().handle_error(request, status, exc, message)
        if isinstance(exc, UnicodeError):
            # aiohttp puts a header such as Expect into its answer, which has no bytes for it.
            status = HTTPStatus.BAD_REQUEST
        body = {"error": HTTPStatus(status).phrase}
        response = web.json_response(body, status=status, headers=answer_headers())
        response.force_close()
        return response


@contextlib.asynccontextmanager
async def serving(
    app: web.Application, listener: socket.socket, shutdown_timeout: float
) -> AsyncIterator[None]:
    """Take connections for `app` on a socket that listens.

    At the end, requests that are being handled have `shutdown_timeout` seconds to be answered.
    """
    loop = asyncio.get_running_loop()
    runner = web.AppRunner(app, shutdown_timeout=shutdown_timeout)
    async with contextlib.AsyncExitStack() as ending:
        ending.push_async_callback(runner.cleanup)
        await runner.setup()
        connect = partial(JsonConnection, cast("web.Server", runner.server), loop)
        server = await loop.create_server(connect, sock=listener, backlog=128)
        ending.callback(server.close)
        yield
