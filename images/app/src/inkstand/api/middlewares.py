"""What happens around every handler."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from inkstand.api import errors
from inkstand.api.keys import SERVICES, USER
from inkstand.errors import InkstandError, UnauthorizedError

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
# What reading a body raises when it is damaged, or its sender has gone.
_UNREADABLE = (
    ConnectionResetError,
    aiohttp.ClientPayloadError,
    aiohttp.http_exceptions.HttpProcessingError,
    web.RequestPayloadError,
)


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
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note whose token was sent; a bad one is refused wherever it is sent."""
    token = request.headers.get("Authorization", "").strip()
    if token:
        accounts = request.app[SERVICES].accounts
        request[USER] = accounts.user_of(_without_scheme(token))
    return await handler(request)


def user_of(request: web.Request) -> str:
    """Return the name of the user who asks.

    Raises:
        UnauthorizedError: nobody said who asks.
    """
    user: str | None = request.get(USER)
    if user is None:
        raise UnauthorizedError("log in first")
    return user


def _without_scheme(value: str) -> str:
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else value
