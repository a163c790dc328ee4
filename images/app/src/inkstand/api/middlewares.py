"""What happens around every handler."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from inkstand.api import cookies, errors
from inkstand.api.keys import PRINCIPAL, SERVICES
from inkstand.api.origin import refuse_other_sites
from inkstand.errors import InkstandError, InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOG = logging.getLogger(__name__)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
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
# What reading a body raises when it is damaged, or its sender has gone.
_UNREADABLE = (
    ConnectionResetError,
    aiohttp.ClientPayloadError,
    aiohttp.http_exceptions.HttpProcessingError,
    web.RequestPayloadError,
)


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
        return errors.from_http(request, error)
    except InkstandError as error:
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
    """Note who asks; a bad token is refused wherever it is sent, a bad cookie is none."""
    token = request.headers.get("Authorization", "").strip()
    if token:
        accounts = request.app[SERVICES].accounts
        request[PRINCIPAL] = accounts.verify(_without_scheme(token))
    elif "Cookie" in request.headers and request.path.startswith(_WITH_COOKIES):
        _take_cookie(request)
    return await handler(request)


def _take_cookie(request: web.Request) -> None:
    token = cookies.session_of(request)
    if token is None:
        return
    with contextlib.suppress(InvalidTokenError):
        principal = request.app[SERVICES].accounts.verify(token, from_cookie=True)
        # Reading is left to the browser, which keeps the answer from a page of another site; what
        # comes through a WebSocket it does not keep.
        if request.method not in _READING or "Upgrade" in request.headers:
            refuse_other_sites(request)
        request[PRINCIPAL] = principal


def _without_scheme(value: str) -> str:
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else value
