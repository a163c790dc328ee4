"""A connection of a client, and what becomes of what aiohttp alone cannot answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.api.middlewares import answer_headers

if TYPE_CHECKING:
    import asyncio

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
