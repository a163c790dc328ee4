"""How something would look on this panel, under `/api/v1/preview`."""

from __future__ import annotations

from aiohttp import web

from inkstand.api.access import Scope, principal_of
from inkstand.api.http import body_of, query_of
from inkstand.api.images import PICTURES, prepared
from inkstand.api.keys import SERVICES
from inkstand.api.operations import JSON, PNG, Operations
from inkstand.api.schemas import PictureQuery, PreviewRequest
from inkstand.api.studio import Sheet
from inkstand.pictures import conversion
from inkstand.screens import MessageScreen
from inkstand.screens.message import signature

_ALMOST_EMPTY = "Nearly all of it is of one colour; little will be seen on the panel"
OPERATIONS = Operations("messages")


@OPERATIONS.add(
    "post",
    "/preview",
    "preview",
    Scope.POST,
    query=PictureQuery,
    body=PreviewRequest,
    bodies=PICTURES,
    answers={200: PNG},
    errors=(429, 503),
    headers={
        "Inkstand-Page": "Which page this is.",
        "Inkstand-Pages": "How many there are.",
        "Inkstand-Hint": "What may be wrong with the picture, if anything.",
    },
)
async def post(request: web.Request) -> web.Response:
    """How a text or a picture would look on this panel; nothing is shown."""
    author = principal_of(request).user
    look = query_of(request, PictureQuery)
    is_text = request.content_type == JSON
    sheet = await _text(request, author) if is_text else Sheet(await prepared(request, look))
    headers = {"Inkstand-Page": str(sheet.page), "Inkstand-Pages": str(sheet.pages)}
    if not is_text and conversion.is_empty(sheet.png):
        headers["Inkstand-Hint"] = _ALMOST_EMPTY
    return web.Response(body=sheet.png, content_type="image/png", headers=headers)


async def _text(request: web.Request, author: str) -> Sheet:
    services = request.app[SERVICES]
    wanted = await body_of(request, PreviewRequest)
    now = services.clock.now()
    screen = MessageScreen(wanted.text, signature(author, now), wanted.page)
    return await services.studio.message(screen, now)
