"""What is on the glass, under `/api/v1/panel`."""

from __future__ import annotations

from aiohttp import web

from inkstand.api import views
from inkstand.api.access import Scope, require
from inkstand.api.keys import SERVICES
from inkstand.errors import PanelUnavailableError


async def state(request: web.Request) -> web.Response:
    """`GET /api/v1/panel`: the state of the panel, what is on it, how often it was refreshed."""
    require(request, Scope.READ)
    return web.json_response(views.panel(request.app[SERVICES].display))


async def picture(request: web.Request) -> web.Response:
    """`GET /api/v1/panel.png`: the glass as the driver last told it, with an ETag."""
    require(request, Scope.READ)
    services = request.app[SERVICES]
    frame = services.display.frame
    if frame is None:
        raise PanelUnavailableError(services.display.reason or "the panel has not answered yet")
    tag = views.tag(frame)
    headers = {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}
    if any(sent.value in (tag, "*") for sent in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    body = await services.feed.png(frame)
    return web.Response(body=body, content_type="image/png", headers=headers)
