"""Is everything well: for people, for the container engine, for monitoring."""

from __future__ import annotations

from aiohttp import web

from inkstand.api.keys import SERVICES

_OK = "ok"


async def healthz(request: web.Request) -> web.Response:
    """`GET /healthz`: always 200 while the app serves; the body says what does not work."""
    services = request.app[SERVICES]
    panel = await services.display.probe() or _OK
    button = services.button.state
    status = _OK if panel == button == _OK else "degraded"
    return web.json_response({"status": status, "panel": panel, "button": button})
