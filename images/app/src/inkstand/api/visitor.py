"""What is known of who asks: their address, their cookies, and whose page asked.

The proxy in front of us is believed if it is a trusted one. There are two cookies of the page: the
session, and the mark of a device that was logged in once. Under HTTPS their names begin with
`__Host-`: browsers take such a cookie from this very host only, so that no other host of the domain
can plant one. Under plain HTTP, as in the demo on loopback, they would refuse that name. No script
can read either.
"""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import TYPE_CHECKING

from inkstand.accounts.model import Scope, Visitor
from inkstand.api.services import PRINCIPAL, SERVICES
from inkstand.errors import CrossOriginError

if TYPE_CHECKING:
    from aiohttp import web

    from inkstand.accounts.model import Principal
    from inkstand.config import Network

_SESSION = "inkstand"
_DEVICE = "inkstand-device"
# Browsers keep no cookie longer.
_DEVICE_LIFETIME = timedelta(days=400)


def address_of(request: web.Request) -> str:
    """Return the address of who asks."""
    forwarded_for = request.headers.get("X-Forwarded-For", "")
    return client_address(request.remote or "", forwarded_for, _trusted(request))


def client_address(peer: str, forwarded_for: str, trusted: tuple[Network, ...]) -> str:
    """Return the address of the client: what the proxy says if the peer is a trusted one."""
    last = forwarded_for.rpartition(",")[2].strip()
    return last if last and _is_in(peer, trusted) else peer


def is_https(request: web.Request) -> bool:
    """Tell whether the client speaks HTTPS."""
    said = request.headers.get("X-Forwarded-Proto", "").strip().lower()
    if said and _is_in(request.remote or "", _trusted(request)):
        return said in ("https", "wss")
    return request.secure


def own_origin(request: web.Request) -> str:
    """Return the origin that a page of ours has."""
    return f"{'https' if is_https(request) else 'http'}://{request.host}".lower()


def site_of(request: web.Request) -> str:
    """Return the address that people are told: that of the settings, else where this was asked."""
    return (request.app[SERVICES].settings.public_url or own_origin(request)).rstrip("/")


def refuse_other_sites(request: web.Request) -> None:
    """Do nothing if a page of ours asked, as browsers say in `Sec-Fetch-Site` or `Origin`.

    Raises:
        CrossOriginError: a page of another site did, or nobody says whose.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is None:
        is_ours = request.headers.get("Origin", "").lower() == own_origin(request)
    else:
        is_ours = site == "same-origin"
    if not is_ours:
        raise CrossOriginError


def visitor_of(request: web.Request, username: str) -> Visitor:
    """Return who wants to log in as `username`.

    A device is known by its mark, or because its owner is logged in there.
    """
    agent = request.headers.get("User-Agent", "")
    return Visitor(address_of(request), agent, _device_of(request, username))


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


def _trusted(request: web.Request) -> tuple[Network, ...]:
    return request.app[SERVICES].settings.trusted_proxies


def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _device_of(request: web.Request, username: str) -> str | None:
    mark = device_of(request)
    accounts = request.app[SERVICES].accounts
    known = None if mark is None else accounts.known_device(mark, username)
    principal: Principal | None = request.get(PRINCIPAL)
    if known is None and principal is not None and principal.scope is Scope.ADMIN:
        return principal.token_id if principal.user == username else None
    return known


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
