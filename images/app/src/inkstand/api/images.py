"""Pictures to show, under `/api/v1/images`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkstand.api.access import Scope, principal_of
from inkstand.api.http import key_of, query_of
from inkstand.api.keys import SERVICES
from inkstand.api.messages import created, draft_of
from inkstand.api.operations import KEY, REPLAYED, Operations, binary
from inkstand.api.schemas import Message, PictureQuery
from inkstand.errors import UnsupportedMediaTypeError
from inkstand.pictures import conversion

if TYPE_CHECKING:
    from aiohttp import web

_MEGAPIXELS = conversion.MOST_PIXELS // 1_000_000
PICTURES = binary(
    *conversion.FORMATS,
    conversion.ANY_TYPE,
    description=f"At most {conversion.MOST_BYTES >> 20} MB and {_MEGAPIXELS} megapixels.",
)
OPERATIONS = Operations("messages")


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
async def post(request: web.Request) -> web.Response:
    """Send a picture, which is shown like a message."""
    principal = principal_of(request)
    services = request.app[SERVICES]
    key, wanted = key_of(request), query_of(request, PictureQuery)
    picture = await prepared(request, wanted)
    draft = draft_of(principal, wanted.name, wanted, key, picture)
    return created(await services.controller.submit(draft))


async def prepared(request: web.Request, look: PictureQuery) -> bytes:
    """Return the picture in the body as the panel shows it: PNG, in its size, black and white.

    Raises:
        UnsupportedMediaTypeError, InvalidPictureError, PictureTooLargeError: it cannot be taken.
        BusyError: too many are sent at a time.
    """
    studio = request.app[SERVICES].studio
    said = request.content_type
    if said not in PICTURES:
        known = ", ".join(conversion.FORMATS)
        raise UnsupportedMediaTypeError(f"A picture is taken as {known}, not as {said}")
    conversion.check_length(request.content_length or 0)
    async with studio.place():
        body = await _read(request)
        return await studio.picture(body, said, look.framing, look.tone)


async def _read(request: web.Request) -> bytes:
    """Return the body; the limit of the other resources does not count here."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        conversion.check_length(len(body))
    return bytes(body)
