"""How something would look on this panel, under `/api/v1/preview`."""

from __future__ import annotations

from aiohttp import web

from inkstand import pictures
from inkstand.api import wishes
from inkstand.api.access import Scope, require
from inkstand.api.images import prepared
from inkstand.api.keys import SERVICES
from inkstand.api.studio import Sheet
from inkstand.screens import MessageScreen
from inkstand.screens.message import signature

_ALMOST_EMPTY = "Nearly all of it is of one colour; little will be seen on the panel"


async def post(request: web.Request) -> web.Response:
    """`POST /api/v1/preview`: a text as JSON, or a picture."""
    author = require(request, Scope.POST).user
    look = wishes.parse_image(request.query, request.app[SERVICES].clock.now())
    is_text = request.content_type == wishes.JSON
    sheet = await _text(request, author) if is_text else Sheet(await prepared(request, look))
    headers = {"Inkstand-Page": str(sheet.page), "Inkstand-Pages": str(sheet.pages)}
    if not is_text and pictures.is_empty(sheet.png):
        headers["Inkstand-Hint"] = _ALMOST_EMPTY
    return web.Response(body=sheet.png, content_type="image/png", headers=headers)


async def _text(request: web.Request, author: str) -> Sheet:
    services = request.app[SERVICES]
    values = wishes.parse_object(request.content_type, await request.read())
    wish = wishes.parse_preview(values, services.settings.message_max_length)
    now = services.clock.now()
    screen = MessageScreen(wish.text, signature(author, now), wish.page)
    return await services.studio.message(screen, now)
