"""What the proxy in front of us knows about the client, believed if it is a trusted one."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from inkstand.api.keys import SERVICES

if TYPE_CHECKING:
    from aiohttp import web

    from inkstand.config import Network


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


def _trusted(request: web.Request) -> tuple[Network, ...]:
    return request.app[SERVICES].settings.trusted_proxies


def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
