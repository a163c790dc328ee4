"""The API of 2017: status and JSON must stay as they are."""

from __future__ import annotations

import json

from aiohttp import web

from inkstand.accounts.model import Scope
from inkstand.api.operations import require
from inkstand.api.services import SERVICES
from inkstand.api.visitor import visitor_of
from inkstand.errors import InvalidArgumentsError, MalformedRequestError, MessageTooLongError
from inkstand.media_types import JSON
from inkstand.messages import Draft
from inkstand.rendering.text import is_blank


async def welcome(request: web.Request) -> web.Response:
    """`GET /` for programs."""
    principal = require(request, Scope.READ)
    title = request.app[SERVICES].settings.app_title
    return web.json_response({"message": f"Welcome to {title} {principal.user}!"})


async def log_in(request: web.Request) -> web.Response:
    """`POST /login`."""
    match _parse(await request.read()):
        case {"username": str(username), "password": str(password)}:
            accounts = request.app[SERVICES].accounts
            issued = await accounts.log_in(username, password, visitor_of(request, username))
            return web.json_response({"token": issued.token})
    raise InvalidArgumentsError("a log-in needs the strings username and password")


async def post_message(request: web.Request) -> web.Response:
    """`POST /messages`."""
    principal = require(request, Scope.POST)
    services = request.app[SERVICES]
    longest = services.settings.message_max_length
    text = parse_message(request.content_type, await request.read(), longest)
    draft = Draft(author=principal.user, text=text, sender=principal.sender)
    await services.controller.submit(draft)
    return web.json_response({"message": text}, status=201)


def parse_message(content_type: str, body: bytes, longest: int) -> str:
    """Return the text of the message that the JSON text `body` holds; any text but blank.

    Raises:
        MalformedRequestError: not application/json, no string `message`, or a blank one.
        MessageTooLongError: more than `longest` characters.
    """
    if content_type != JSON:
        raise MalformedRequestError(f"messages are taken as {JSON}")
    match _parse(body):
        case {"message": str(text)} if not is_blank(text):
            return _limited(text, longest)
    raise MalformedRequestError("a message needs the string message, not blank")


def _limited(text: str, longest: int) -> str:
    if len(text) > longest:
        raise MessageTooLongError(len(text), longest)
    return text


def _parse(body: bytes) -> object:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value
