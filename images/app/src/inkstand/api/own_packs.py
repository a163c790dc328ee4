"""The owner's own packs: added, read and removed while it runs, under `/api/v1/packs`.

Without `from __future__ import annotations`: the types of the fields are read when it runs.
"""

from dataclasses import dataclass
from typing import Annotated

from aiohttp import web

from inkstand.accounts.model import Scope
from inkstand.api.operations import TEXT, Operations, answer
from inkstand.api.schemas import Rule
from inkstand.api.services import SERVICES
from inkstand.errors import (
    InvalidPackError,
    PackError,
    PackNotFoundError,
    UnsupportedMediaTypeError,
)
from inkstand.media_types import PLAIN_TEXT

OPERATIONS = Operations("settings")
_TOML = {PLAIN_TEXT: {"schema": {**TEXT, "description": "TOML in UTF-8, at most 64 KB."}}}


@dataclass(frozen=True, kw_only=True)
class AddedPack:
    """A pack that was added, or took the place of the one of its name."""

    name: str
    forgotten: Annotated[
        list[str],
        Rule(
            description="Screens whose secrets, and whether they may ask in a private network, "
            "are to be filled in again: that was for other servers than the pack asks now."
        ),
    ]


@OPERATIONS.add(
    "post",
    "/packs",
    "addPack",
    Scope.ADMIN,
    owner=True,
    bodies=_TOML,
    answers={200: AddedPack},
    errors=(409, 429, 503, 507),
)
async def add(request: web.Request) -> web.Response:
    """Add a pack, or replace the one of its name; it is checked, and counts at once."""
    from inkstand.packs import checking  # noqa: PLC0415 - loads slowly, and most ask for none

    services, toml = request.app[SERVICES], await _toml_of(request)
    now = services.clock.now()
    checked = await services.preview_renderer.in_turn(
        lambda size: checking.check(toml, None, (size,), now)
    )
    if checked.problems:
        raise InvalidPackError("\n".join(map(str, checked.problems)))
    name, forgotten = await services.preferences.keep_pack(toml)
    return answer(AddedPack(name=name, forgotten=forgotten))


@OPERATIONS.add("get", "/packs/{name}", "pack", Scope.ADMIN, owner=True, answers={200: _TOML})
async def pack(request: web.Request) -> web.Response:
    """The text of a pack of the owner's own."""
    name = request.match_info["name"]
    if (toml := request.app[SERVICES].preferences.packs.get(name)) is None:
        raise PackNotFoundError(name)
    return web.Response(text=toml)


@OPERATIONS.add(
    "delete",
    "/packs/{name}",
    "removePack",
    Scope.ADMIN,
    owner=True,
    answers={204: None},
    errors=(409, 503, 507),
)
async def remove(request: web.Request) -> web.Response:
    """Remove a pack of the owner's own, which no screen may show."""
    await request.app[SERVICES].preferences.remove_pack(request.match_info["name"])
    return web.Response(status=204)


async def _toml_of(request: web.Request) -> str:
    """Return the text in the body, of which no more is read than a pack may have.

    Raises:
        UnsupportedMediaTypeError, InvalidPackError: it is none.
    """
    from inkstand.packs.pack import MAX_FILE, decode  # noqa: PLC0415 - as above

    if request.content_type != PLAIN_TEXT:
        raise UnsupportedMediaTypeError(f"A pack is taken as {PLAIN_TEXT}")
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_FILE:
            raise InvalidPackError(f"A pack has at most {MAX_FILE} bytes")
    try:
        return decode(bytes(body))
    except PackError as error:
        raise InvalidPackError(str(error)) from error
