"""The API of 2017: status and JSON must stay as they are."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.api.keys import SERVICES
from inkstand.api.middlewares import user_of
from inkstand.api.schemas import parse_login, parse_message

if TYPE_CHECKING:
    from inkstand.config import Network


async def welcome(request: web.Request) -> web.Response:
    """`GET /` for programs."""
    user = user_of(request)
    title = request.app[SERVICES].settings.app_title
    return web.json_response({"message": f"Welcome to {title} {user}!"})


async def log_in(request: web.Request) -> web.Response:
    """`POST /login`."""
    login = parse_login(await request.read())
    services = request.app[SERVICES]
    address = client_address(
        request.remote or "",
        request.headers.get("X-Forwarded-For", ""),
        services.settings.trusted_proxies,
    )
    token = await services.accounts.log_in(login.username, login.password, address)
    return web.json_response({"token": token})


async def post_message(request: web.Request) -> web.Response:
    """`POST /messages`."""
    user = user_of(request)
    services = request.app[SERVICES]
    longest = services.settings.message_max_length
    text = parse_message(request.content_type, await request.read(), longest)
    await services.appliance.post(author=user, text=text)
    return web.json_response({"message": text}, status=201)


def client_address(peer: str, forwarded_for: str, trusted: tuple[Network, ...]) -> str:
    """Return the address of the client: what the proxy says if the peer is a trusted one."""
    last = forwarded_for.rpartition(",")[2].strip()
    return last if last and _is_in(peer, trusted) else peer


def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
