"""What is on the glass, under `/api/v1/panel`."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.api.keys import SERVICES
from inkstand.api.middlewares import user_of
from inkstand.errors import PanelUnavailableError
from inkstand.rendering import from_frame, to_png

if TYPE_CHECKING:
    from inkstand.panel import Frame


async def state(request: web.Request) -> web.Response:
    """`GET /api/v1/panel`: the state of the panel and how often it was refreshed."""
    user_of(request)
    display = request.app[SERVICES].display
    size = display.frame.size if display.frame else (None, None)
    return web.json_response(
        {
            "state": display.reason or "ok",
            "width": size[0],
            "height": size[1],
            "refreshes": display.refreshes,
        }
    )


async def picture(request: web.Request) -> web.Response:
    """`GET /api/v1/panel.png`: the glass as the driver last told it, with an ETag."""
    user_of(request)
    display = request.app[SERVICES].display
    frame = display.frame
    if frame is None:
        raise PanelUnavailableError(display.reason or "the panel has not answered yet")
    tag = _tag(frame)
    if any(sent.value in (tag, "*") for sent in request.if_none_match or ()):
        return web.Response(status=304, headers={"ETag": f'"{tag}"'})
    body = await asyncio.to_thread(_png, frame)
    return web.Response(body=body, content_type="image/png", headers={"ETag": f'"{tag}"'})


def _tag(frame: Frame) -> str:
    return hashlib.sha256(frame.data).hexdigest()[:16]


def _png(frame: Frame) -> bytes:
    return to_png(from_frame(frame))
