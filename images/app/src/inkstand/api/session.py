"""Logging in and out, under `/api/v1/session`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from inkstand.api import cookies
from inkstand.api.access import Scope, require
from inkstand.api.keys import SERVICES
from inkstand.api.origin import refuse_other_sites, visitor_of
from inkstand.api.tokens import moment
from inkstand.api.wishes import parse_object
from inkstand.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkstand.auth.model import Issued, TokenRecord

_TRANSPORTS = ("token", "cookie")


@dataclass(frozen=True, slots=True)
class Entrance:
    """Body of `POST /session`; `by_cookie`: the browser is to keep the token."""

    username: str
    password: str = field(repr=False)
    by_cookie: bool


async def log_in(request: web.Request) -> web.Response:
    """`POST /api/v1/session`."""
    entrance = parse_entrance(parse_object(request.content_type, await request.read()))
    if entrance.by_cookie:
        refuse_other_sites(request)
    accounts = request.app[SERVICES].accounts
    visitor = visitor_of(request)
    issued = await accounts.log_in(entrance.username, entrance.password, visitor)
    body = _view(issued.record)
    if not entrance.by_cookie:
        return web.json_response({**body, "token": issued.token}, status=201)
    response = web.json_response(body, status=201)
    _keep_in_browser(request, response, issued)
    return response


async def state(request: web.Request) -> web.Response:
    """`GET /api/v1/session`: who is logged in."""
    principal = require(request, Scope.READ)
    record = request.app[SERVICES].accounts.get(principal.token_id)
    return web.json_response({**_view(record), "via": principal.via})


async def log_out(request: web.Request) -> web.Response:
    """`DELETE /api/v1/session`: the token that is sent with it is good no longer."""
    principal = require(request, Scope.READ)
    await request.app[SERVICES].accounts.revoke(principal.token_id)
    response = web.Response(status=204)
    if principal.via == "cookie":
        cookies.end_session(request, response)
    return response


def parse_entrance(values: Mapping[str, Any]) -> Entrance:
    """Return who wants to log in, and how the token is to be kept.

    Raises:
        InvalidValueError: a value is missing or of the wrong kind.
    """
    transport = values.get("transport", "token")
    if transport not in _TRANSPORTS:
        raise InvalidValueError("transport has to be token or cookie")
    match values:
        case {"username": str(username), "password": str(password)}:
            return Entrance(username, password, by_cookie=transport == "cookie")
    raise InvalidValueError("username and password have to be strings")


def _view(record: TokenRecord) -> dict[str, Any]:
    return {
        "user": record.user,
        "scope": record.scope.word,
        "expires_at": moment(record.expires),
    }


def _keep_in_browser(request: web.Request, response: web.Response, issued: Issued) -> None:
    accounts = request.app[SERVICES].accounts
    cookies.set_session(request, response, issued.token, accounts.lifetime)
    if cookies.device_of(request) is None:
        cookies.set_device(request, response, accounts.mark_device())
