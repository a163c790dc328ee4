"""What is shown, under `/api/v1/screen`, and the button, under `/api/v1/button`."""

from __future__ import annotations

from aiohttp import web

from inkstand.api import views, wishes
from inkstand.api.access import Scope, require
from inkstand.api.keys import SERVICES
from inkstand.events import ScreenKind


async def get(request: web.Request) -> web.Response:
    """`GET /api/v1/screen`."""
    require(request, Scope.READ)
    return _state(request)


async def put(request: web.Request) -> web.Response:
    """`PUT /api/v1/screen`: look at the status, or leave it; no message counts as read by it."""
    require(request, Scope.POST)
    appliance = request.app[SERVICES].appliance
    wish = wishes.parse_screen(wishes.parse_object(request.content_type, await request.read()))
    if wish is ScreenKind.STATUS:
        appliance.show_status()
    else:
        appliance.end_peek()
    return _state(request)


async def press(request: web.Request) -> web.Response:
    """`POST /api/v1/button`: use the button by other means than a finger."""
    require(request, Scope.POST)
    body = wishes.parse_object(request.content_type, await request.read())
    request.app[SERVICES].appliance.press(wishes.parse_gesture(body))
    return web.Response(status=204)


def _state(request: web.Request) -> web.Response:
    return web.json_response(views.screen(request.app[SERVICES].appliance.screen_state()))
