"""Connections, and what happens around every handler."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import aiohttp
from aiohttp import web

from inkstand.api import errors, visitor
from inkstand.api.services import PRINCIPAL, SERVICES
from inkstand.errors import (
    CrossOriginError,
    ForbiddenError,
    InkstandError,
    InvalidTokenError,
    OwnerOnlyError,
)
from inkstand.web import pages

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOG = logging.getLogger(__name__)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Server": "Inkstand",
}
_READING = ("GET", "HEAD")
_WITHOUT_BODY = (*_READING, "DELETE")
# Bytes that do no harm: some clients send an empty JSON object with everything.
_IGNORED_BODY = 16_384
# The classic API knows no cookies.
_WITH_COOKIES = "/api/"
# Not that of 2017, where a bad token is refused anywhere.
_LOG_IN = ("POST", "/api/v1/session")
# What reading a body raises when it is damaged, or its sender has gone.
_UNREADABLE = (
    ConnectionResetError,
    aiohttp.ClientPayloadError,
    aiohttp.http_exceptions.HttpProcessingError,
    web.RequestPayloadError,
)
# Seconds in which the rest of a body is taken that nobody wants, so that its sender reads why.
_LINGERING_TIME = 1.0
# Of the loop: from a connection that was taken to its first request.
_TURNS = 5


def answer_headers() -> dict[str, str]:
    """Return what every answer carries that does not say otherwise."""
    return {**_HEADERS, "Cache-Control": "no-store"}


async def add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on that every answer carries; a signal, so errors have them too."""
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


@web.middleware
async def translate_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into JSON."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004 - a redirection is no error
            raise
        page = pages.for_browser(request, error.status)
        return errors.from_http(request, error) if page is None else page
    except InkstandError as error:
        _note_refusal(request, error)
        return errors.from_ours(request, error)
    except _UNREADABLE:
        return errors.bad_request(request)
    except Exception:  # noqa: BLE001 - the border: a bug must not reach the client
        _LOG.exception("a bug in %s %s", request.method, request.path)
        return errors.internal(request)


@web.middleware
async def refuse_bodies(request: web.Request, handler: Handler) -> web.StreamResponse:
    """End the connection of who sends a large body with a method that has none.

    aiohttp would read it to its end to be ready for the next request.
    """
    if request.method not in _WITHOUT_BODY or not request.can_read_body:
        return await handler(request)
    length = request.content_length
    if length is not None and length <= _IGNORED_BODY:
        return await handler(request)
    response = errors.too_large(request, f"{request.method} takes no body")
    await response.prepare(request)
    await response.write_eof()
    request.protocol.force_close()
    return response


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note who asks; a bad token is refused but where one logs in, a bad cookie is none."""
    # Hooks have theirs in the path: many programs know an address, and nothing else.
    in_path = request.match_info.get("token", "")
    token = in_path or request.headers.get("Authorization", "").strip()
    if token:
        _take_token(request, _without_scheme(token))
    with_cookies = "Cookie" in request.headers and request.path.startswith(_WITH_COOKIES)
    if PRINCIPAL not in request and with_cookies:
        _take_cookie(request)
    return await handler(request)


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
        ending.push_async_callback(_let_nobody_in, listener)
        yield


async def _let_nobody_in(listener: socket.socket) -> None:
    """Take no more connections; those that were taken are known when this returns.

    A server that is closed before leaves them open, and the runner waits for one turn of the loop.
    """
    loop = asyncio.get_running_loop()
    loop.remove_reader(listener)
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def _note_refusal(request: web.Request, error: InkstandError) -> None:
    """Write down who wanted more than they may; strangers are too many to write down."""
    if isinstance(error, (ForbiddenError, OwnerOnlyError)) and PRINCIPAL in request:
        user = request[PRINCIPAL].user
        _LOG.warning("%s may not %s %s: %s", user, request.method, request.path, error.code)


def _take_token(request: web.Request, token: str) -> None:
    try:
        request[PRINCIPAL] = request.app[SERVICES].accounts.verify(token)
    except InvalidTokenError:
        # Who logs in because a token has ended may still send it with everything.
        if (request.method, request.path) != _LOG_IN:
            raise


def _take_cookie(request: web.Request) -> None:
    token = visitor.session_of(request)
    if token is None:
        return
    with contextlib.suppress(InvalidTokenError):
        principal = request.app[SERVICES].accounts.verify(token, from_cookie=True)
        # Reading is left to the browser, which keeps the answer from a page of another site; what
        # comes through a WebSocket it does not keep.
        if request.method not in _READING or "Upgrade" in request.headers:
            _refuse_other_sites(request, principal.user)
        request[PRINCIPAL] = principal


def _refuse_other_sites(request: web.Request, user: str) -> None:
    try:
        visitor.refuse_other_sites(request)
    except CrossOriginError:
        _LOG.warning("a page of another site used the browser of %s", user)
        raise


def _without_scheme(value: str) -> str:
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else value
