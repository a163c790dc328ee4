"""Pictures to show, under `/api/v1/images`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkstand import pictures
from inkstand.api import wishes
from inkstand.api.access import Scope, require
from inkstand.api.keys import SERVICES
from inkstand.api.messages import created, draft_of

if TYPE_CHECKING:
    from aiohttp import web


async def post(request: web.Request) -> web.Response:
    """`POST /api/v1/images`."""
    principal = require(request, Scope.POST)
    services = request.app[SERVICES]
    key = wishes.parse_key(request.headers.get("Idempotency-Key"))
    wish = wishes.parse_image(request.query, services.clock.now())
    picture = await prepared(request, wish)
    draft = draft_of(principal, wish.name, wish.options, key, picture)
    return created(await services.appliance.submit(draft))


async def prepared(request: web.Request, wish: wishes.Image) -> bytes:
    """Return the picture in the body as the panel shows it: PNG, in its size, black and white.

    Raises:
        UnsupportedMediaTypeError, InvalidPictureError, PictureTooLargeError: it cannot be taken.
        BusyError: too many are sent at a time.
    """
    studio = request.app[SERVICES].studio
    said = wishes.parse_picture_type(request.content_type)
    pictures.check_length(request.content_length or 0)
    async with studio.place():
        body = await _read(request)
        return await studio.picture(body, said, wish.framing, wish.tone)


async def _read(request: web.Request) -> bytes:
    """Return the body; the limit of the other resources does not count here."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        pictures.check_length(len(body))
    return bytes(body)
