"""Is everything well: for people, for the container engine, for monitoring."""

from __future__ import annotations

from aiohttp import web

from inkstand.api.keys import SERVICES

_OK = "ok"


async def healthz(request: web.Request) -> web.Response:
    """`GET /healthz`: always 200 while the app serves; the body says what does not work."""
    services = request.app[SERVICES]
    parts = {
        "panel": await services.display.probe() or _OK,
        "button": services.button.state,
        "storage": services.appliance.trouble or _OK,
    }
    status = _OK if set(parts.values()) == {_OK} else "degraded"
    notices = await services.condition.notices()
    more = {"notices": notices} if notices else {}
    return web.json_response({"status": status, **parts, **more})
