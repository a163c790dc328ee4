"""`POST /share`: what somebody shares from their phone with the installed page comes into its form.

The browser itself sends it, as a navigation that no page began: such a request has `Sec-Fetch-Site:
none`, and cookies with `SameSite=Strict` come along, which they do not from another site. What
another site posts is thrown away all the same, so that nobody finds words in their form that they
never chose. Nothing is kept, and nothing is sent to the glass: the answer is the page with what was
shared in it, and "Show it" is a request of that page like any other.

A text is given back to anybody, a picture only to who is logged in: it is large.
"""

from __future__ import annotations

import base64
import contextlib
import html
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader, web

from inkstand.api import visitor
from inkstand.api.services import SERVICES
from inkstand.errors import BusyError, InvalidTokenError
from inkstand.web import pages

if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS = ("none", "same-origin")
_TEXTS = ("title", "text", "url")
_LONGEST_TEXT = 16_384  # bytes of each
# Photos of phones; the page makes a small one of it before it is sent. Traefik lets less through.
_LARGEST_PICTURE = 16_777_216
_CHUNK = 3 * 16_384  # of which base64 is whole
# The page has a sentence for each, in its language.
_LOG_IN = "log-in"
_TOO_LARGE = "too-large"
_BUSY = "busy"


class _TooLargeError(Exception):
    """More came than is taken."""


async def share(request: web.Request) -> web.StreamResponse:
    """Answer with the page, and what was shared in it.

    Raises:
        HTTPSeeOther: the way to the page, for what another site has sent.
    """
    if request.headers.get("Sec-Fetch-Site") not in _OURS or not _is_form(request):
        raise web.HTTPSeeOther("/")
    renderer = request.app[SERVICES].preview_renderer
    # Strangers send no picture, and must not take the places of those who do.
    place = renderer.place() if _is_logged_in(request) else contextlib.nullcontext()
    try:
        async with place:
            return await _answer(request, *await _parts(request))
    except BusyError:
        return await _answer(request, {"problem": _BUSY}, b"")
    except _TooLargeError:
        return await _answer(request, {"problem": _TOO_LARGE}, b"")


def _is_form(request: web.Request) -> bool:
    return request.content_type == "multipart/form-data"


async def _parts(request: web.Request) -> tuple[dict[str, str], bytes]:
    """Return the texts by name, and the picture, empty if there is none."""
    found, picture = dict[str, str](), b""
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            if part.name in _TEXTS:
                found[part.name] = (await _read(part, _LONGEST_TEXT)).decode(errors="replace")
            elif part.name == "picture" and not picture:
                if not _is_logged_in(request):
                    return {**found, "problem": _LOG_IN}, b""
                picture = await _read(part, _LARGEST_PICTURE)
                found |= {"type": part.headers.get("Content-Type", ""), "name": part.filename or ""}
    except ValueError as error:
        raise web.HTTPSeeOther("/") from error
    return found, picture


async def _read(part: BodyPartReader, most: int) -> bytes:
    body = bytearray()
    while chunk := await part.read_chunk(65_536):
        body += chunk
        if len(body) > most:
            raise _TooLargeError
    return bytes(body)


def _is_logged_in(request: web.Request) -> bool:
    token = visitor.session_of(request)
    with contextlib.suppress(InvalidTokenError):
        return token is not None and bool(
            request.app[SERVICES].accounts.verify(token, from_cookie=True)
        )
    return False


async def _answer(
    request: web.Request, texts: Mapping[str, str], picture: bytes
) -> web.StreamResponse:
    """Write it in pieces: a picture three times in memory is too much for a small board."""
    names = (f' data-{name}="{html.escape(value)}"' for name, value in texts.items())
    before, after = pages.with_shared(request, f'<template id="shared"{"".join(names)}>')
    response = web.StreamResponse()
    response.content_type, response.charset = "text/html", "utf-8"
    await response.prepare(request)
    await response.write(before)
    for begin in range(0, len(picture), _CHUNK):
        await response.write(base64.b64encode(picture[begin : begin + _CHUNK]))
    await response.write(b"</template>" + after)
    await response.write_eof()
    return response
