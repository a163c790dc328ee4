"""Pictures to show, under `/api/v1/images`, and previews, under `/api/v1/preview`.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

from dataclasses import dataclass
from typing import Annotated

from aiohttp import web

from inkstand.accounts.model import Scope
from inkstand.api.messages import (
    KEY,
    REPLAYED,
    Expiry,
    LookRequest,
    Message,
    Repeat,
    ShowAt,
    ShowFor,
    Text,
    Urgency,
    created,
    draft_of,
    key_of,
    require_code,
)
from inkstand.api.operations import (
    PNG,
    Operations,
    binary,
    body_of,
    principal_of,
    query_of,
)
from inkstand.api.schemas import Request, Rule
from inkstand.api.services import SERVICES
from inkstand.display.preview import Preview
from inkstand.errors import UnsupportedMediaTypeError
from inkstand.media_types import BYTES, JSON
from inkstand.pictures import conversion
from inkstand.rendering import Framing, Tone
from inkstand.screens import MessageScreen
from inkstand.screens.message import signature

OPERATIONS = Operations("messages")
_MEGAPIXELS = conversion.MOST_PIXELS // 1_000_000
PICTURES = binary(
    *conversion.FORMATS,
    BYTES,
    description=f"At most {conversion.MOST_BYTES >> 20} MB and {_MEGAPIXELS} megapixels.",
)
_ALMOST_EMPTY = "Nearly all of it is of one colour; little will be seen on the panel"


@dataclass(frozen=True, kw_only=True)
class PictureQuery(Request):
    """Query of `POST /images`, and of `POST /preview`."""

    name: Annotated[str, Rule(maxLength=200)] = ""
    framing: Framing = Framing.FIT
    tone: Tone = Tone.DITHER
    priority: Urgency = None
    expires_at: Expiry | None = None
    show_for: ShowFor | None = None
    show_at: ShowAt | None = None
    repeat: Repeat | None = None


@dataclass(frozen=True, kw_only=True)
class PreviewRequest(LookRequest):
    """Body of `POST /preview` for a text; `page`: the last one when there are fewer."""

    text: Text
    page: Annotated[int, Rule(minimum=1, maximum=1000)] = 1


@OPERATIONS.add(
    "post",
    "/images",
    "sendPicture",
    Scope.POST,
    parameters=(KEY,),
    query=PictureQuery,
    bodies=PICTURES,
    answers={201: Message},
    errors=(409, 429, 503, 507),
    headers=REPLAYED,
)
async def send(request: web.Request) -> web.Response:
    """Send a picture, which is shown like a message."""
    principal = principal_of(request)
    services = request.app[SERVICES]
    key, wanted = key_of(request), query_of(request, PictureQuery)
    picture = await prepared(request, wanted)
    draft = draft_of(principal, wanted.name, wanted, key, picture)
    return created(await services.controller.submit(draft))


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
async def preview(request: web.Request) -> web.Response:
    """How a text or a picture would look on this panel; nothing is shown."""
    author = principal_of(request).user
    look = query_of(request, PictureQuery)
    is_text = request.content_type == JSON
    made = await _text(request, author) if is_text else Preview(await prepared(request, look))
    headers = {"Inkstand-Page": str(made.page), "Inkstand-Pages": str(made.pages)}
    if not is_text and conversion.is_empty(made.png):
        headers["Inkstand-Hint"] = _ALMOST_EMPTY
    return web.Response(body=made.png, content_type="image/png", headers=headers)


async def prepared(request: web.Request, look: PictureQuery) -> bytes:
    """Return the picture in the body as the panel shows it: PNG, in its size, black and white.

    Raises:
        UnsupportedMediaTypeError, InvalidPictureError, PictureTooLargeError: it cannot be taken.
        BusyError: too many are sent at a time.
    """
    renderer = request.app[SERVICES].preview_renderer
    said = request.content_type
    if said not in PICTURES:
        known = ", ".join(conversion.FORMATS)
        raise UnsupportedMediaTypeError(f"A picture is taken as {known}, not as {said}")
    conversion.check_length(request.content_length or 0)
    async with renderer.place():
        body = await _read(request)
        return await renderer.picture(body, said, look.framing, look.tone)


async def _read(request: web.Request) -> bytes:
    """Return the body; the limit of the other resources does not count here."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        conversion.check_length(len(body))
    return bytes(body)


async def _text(request: web.Request, author: str) -> Preview:
    services = request.app[SERVICES]
    wanted = await body_of(request, PreviewRequest)
    now = services.clock.now()
    language = services.settings.language_of_glass
    signed = signature(author, now, language=language)
    screen = MessageScreen(wanted.text, signed, wanted.page, language, wanted.look)
    await require_code(request, screen)
    return await services.preview_renderer.message(screen, now)
