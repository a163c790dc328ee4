"""What is shown, under `/api/v1/screen`, and the button, under `/api/v1/button`."""

from __future__ import annotations

from aiohttp import web

from inkstand.api import views
from inkstand.api.access import Scope
from inkstand.api.http import answer, body_of
from inkstand.api.keys import SERVICES
from inkstand.api.operations import Operations
from inkstand.api.schemas import PressRequest, Screen, ScreenRequest
from inkstand.messages.events import ScreenKind

OPERATIONS = Operations("panel")


@OPERATIONS.add("get", "/screen", "screen", Scope.READ, answers={200: Screen})
async def get(request: web.Request) -> web.Response:
    """What is shown."""
    return _state(request)


@OPERATIONS.add(
    "put",
    "/screen",
    "showScreen",
    Scope.POST,
    body=ScreenRequest,
    answers={200: Screen},
    errors=(503,),
)
async def put(request: web.Request) -> web.Response:
    """`status`: have a look at it; `clock`: back to what was there before."""
    controller = request.app[SERVICES].controller
    wanted = await body_of(request, ScreenRequest)
    if wanted.screen is ScreenKind.STATUS:
        controller.show_status()
    else:
        controller.end_peek()
    return _state(request)


@OPERATIONS.add("post", "/button", "press", Scope.POST, body=PressRequest, answers={204: None})
async def press(request: web.Request) -> web.Response:
    """Use the button: a short press turns the page, the last one is read."""
    wanted = await body_of(request, PressRequest)
    request.app[SERVICES].controller.press(wanted.gesture)
    return web.Response(status=204)


def _state(request: web.Request) -> web.Response:
    return answer(views.screen(request.app[SERVICES].controller.screen_state()))
