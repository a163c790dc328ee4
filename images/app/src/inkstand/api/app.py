"""The aiohttp application: routes and what surrounds them."""

from __future__ import annotations

from aiohttp import web

from inkstand.api import classic, health, panel
from inkstand.api.keys import SERVICES, Services
from inkstand.api.middlewares import add_security_headers, authenticate, translate_errors
from inkstand.api.schemas import longest_body
from inkstand.web import pages


def make_app(services: Services, *, demo: bool = False) -> web.Application:
    """Return the application that shows `services` to the world; `demo` adds a button to press."""
    longest_message = services.settings.message_max_length
    app = web.Application(
        middlewares=[translate_errors, authenticate], client_max_size=longest_body(longest_message)
    )
    app[SERVICES] = services
    # aiohttp 3.11 declares the type of its signals wrongly for newer versions of aiosignal.
    app.on_response_prepare.append(add_security_headers)  # type: ignore[arg-type]
    _add_routes(app)
    pages.add_routes(app, with_button=demo)
    return app


def _add_routes(app: web.Application) -> None:
    app.router.add_post("/login", classic.log_in)
    app.router.add_post("/messages", classic.post_message)
    app.router.add_get("/healthz", health.healthz)
    app.router.add_get("/api/v1/panel", panel.state)
    app.router.add_get("/api/v1/panel.png", panel.picture)
