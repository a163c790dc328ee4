"""The two cookies of the page: the session, and the mark of a device that was logged in once.

Under HTTPS their names begin with `__Host-`: browsers take such a cookie from this very host only,
so that no other host of the domain can plant one. Under plain HTTP, as in the demo on loopback,
they would refuse that name. No script can read either.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from inkstand.api.proxy import is_https

if TYPE_CHECKING:
    from aiohttp import web

_SESSION = "inkstand"
_DEVICE = "inkstand-device"
# Browsers keep no cookie longer.
_DEVICE_LIFETIME = timedelta(days=400)


def session_of(request: web.Request) -> str | None:
    """Return the token in the cookie, None if there is none."""
    return request.cookies.get(_name(_SESSION, secure=is_https(request)))


def device_of(request: web.Request) -> str | None:
    """Return the mark of the device, None if there is none."""
    return request.cookies.get(_name(_DEVICE, secure=is_https(request)))


def set_session(
    request: web.Request, response: web.Response, token: str, lifetime: timedelta
) -> None:
    """Give the browser that asked a session for `lifetime`."""
    _set(request, response, _SESSION, token, lifetime)


def set_device(request: web.Request, response: web.Response, mark: str) -> None:
    """Give the browser that asked the mark of a known device."""
    _set(request, response, _DEVICE, mark, _DEVICE_LIFETIME)


def end_session(request: web.Request, response: web.Response) -> None:
    """Take the session back from the browser that asked."""
    _set(request, response, _SESSION, "", timedelta(0))


def _set(
    request: web.Request, response: web.Response, name: str, value: str, lifetime: timedelta
) -> None:
    secure = is_https(request)
    response.set_cookie(
        _name(name, secure=secure),
        value,
        max_age=int(lifetime.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="Strict",
    )


def _name(name: str, *, secure: bool) -> str:
    return f"__Host-{name}" if secure else name
