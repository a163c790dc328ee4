"""Is everything well: for people, for the container engine, for monitoring."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.api.keys import SERVICES
from inkstand.errors import StorageError

if TYPE_CHECKING:
    from inkstand.api.keys import Services

_OK = "ok"


async def healthz(request: web.Request) -> web.Response:
    """`GET /healthz`: always 200 while the app serves; the body says what does not work."""
    services = request.app[SERVICES]
    panel, storage = await asyncio.gather(services.display.probe(), storage_of(services))
    parts = {"panel": panel or _OK, "button": services.button.state, "storage": storage}
    status = _OK if set(parts.values()) == {_OK} else "degraded"
    notices = await services.report.notices()
    more = {"notices": notices} if notices else {}
    return web.json_response({"status": status, **parts, **more})


async def storage_of(services: Services) -> str:
    """Return `ok`, or one sentence that says why messages cannot be kept or read now."""
    try:
        await services.controller.store.probe()
    except StorageError as error:
        return str(error)
    return services.controller.trouble or _OK
