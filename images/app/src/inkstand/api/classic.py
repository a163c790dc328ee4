"""The API of 2017: status and JSON must stay as they are."""

from __future__ import annotations

from aiohttp import web

from inkstand.api.access import Scope, require
from inkstand.api.keys import SERVICES
from inkstand.api.origin import visitor_of
from inkstand.api.schemas import parse_login, parse_message
from inkstand.messages import Draft


async def welcome(request: web.Request) -> web.Response:
    """`GET /` for programs."""
    principal = require(request, Scope.READ)
    title = request.app[SERVICES].settings.app_title
    return web.json_response({"message": f"Welcome to {title} {principal.user}!"})


async def log_in(request: web.Request) -> web.Response:
    """`POST /login`."""
    login = parse_login(await request.read())
    accounts = request.app[SERVICES].accounts
    issued = await accounts.log_in(login.username, login.password, visitor_of(request))
    return web.json_response({"token": issued.token})


async def post_message(request: web.Request) -> web.Response:
    """`POST /messages`."""
    principal = require(request, Scope.POST)
    services = request.app[SERVICES]
    longest = services.settings.message_max_length
    text = parse_message(request.content_type, await request.read(), longest)
    draft = Draft(author=principal.user, text=text, sender=principal.sender)
    await services.appliance.submit(draft)
    return web.json_response({"message": text}, status=201)
