"""What is shown, under `/api/v1/screen`."""

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
    """`PUT /api/v1/screen`: do what the button does."""
    require(request, Scope.POST)
    appliance = request.app[SERVICES].appliance
    wish = wishes.parse_screen(wishes.parse_object(request.content_type, await request.read()))
    if wish is ScreenKind.STATUS:
        appliance.show_status()
    else:
        await appliance.show_clock()
    return _state(request)


def _state(request: web.Request) -> web.Response:
    return web.json_response(views.screen(request.app[SERVICES].appliance.screen_state()))
