"""What is on the glass, under `/api/v1/panel`."""

from __future__ import annotations

from aiohttp import web

from inkstand.api import views
from inkstand.api.access import Scope
from inkstand.api.http import answer
from inkstand.api.keys import SERVICES
from inkstand.api.operations import PNG, Operations, header
from inkstand.api.schemas import Panel
from inkstand.errors import PanelUnavailableError

OPERATIONS = Operations("panel")


@OPERATIONS.add("get", "/panel", "panel", Scope.READ, answers={200: Panel})
async def state(request: web.Request) -> web.Response:
    """The panel, and what is on it."""
    return answer(views.panel(request.app[SERVICES].display))


@OPERATIONS.add(
    "get",
    "/panel.png",
    "panelPicture",
    Scope.READ,
    parameters=(header("If-None-Match", "The ETag of the picture that is known already."),),
    answers={200: PNG, 304: None},
    errors=(503,),
    headers={"ETag": "Another one for another picture."},
)
async def picture(request: web.Request) -> web.Response:
    """What is on the glass, as the driver says."""
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
