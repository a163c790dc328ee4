"""The description of this API, under `/api/v1/openapi.json`."""

from __future__ import annotations

from aiohttp import web

from inkstand.api.document import make_document
from inkstand.api.keys import SERVICES


async def get(request: web.Request) -> web.Response:
    """`GET /api/v1/openapi.json`: for anybody; it says nothing about this Inkstand."""
    settings = request.app[SERVICES].settings
    document = make_document("Inkstand", settings.message_max_length)
    return web.json_response(document, headers={"Cache-Control": "no-cache"})
