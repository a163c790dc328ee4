"""The aiohttp application: routes and what surrounds them."""

from __future__ import annotations

from aiohttp import web

from inkstand.api import classic, events, health, metrics
from inkstand.api.document import OPERATIONS, PREFIX
from inkstand.api.keys import SERVICES, Services
from inkstand.api.middlewares import (
    add_security_headers,
    authenticate,
    refuse_bodies,
    translate_errors,
)
from inkstand.web import pages


def make_app(services: Services) -> web.Application:
    """Return the application that shows `services` to the world."""
    app = web.Application(
        middlewares=[
            pages.for_browsers,
            translate_errors,
            refuse_bodies,
            authenticate,
        ],
        # A character outside the BMP is twelve bytes in JSON.
        client_max_size=16_384 + 12 * services.settings.message_max_length,
    )
    app[SERVICES] = services
    # aiohttp 3.11 declares the type of its signals wrongly for newer versions of aiosignal.
    app.on_response_prepare.append(add_security_headers)  # type: ignore[arg-type]
    app.on_shutdown.append(events.end_all)  # type: ignore[arg-type]
    _add_classic_routes(app.router)
    app.router.add_get("/metrics", metrics.get)
    _add_routes(app.router)
    pages.add_routes(app, _site(services))
    return app


def _site(services: Services) -> pages.Site:
    return pages.Site(
        assets=pages.load_assets({"title": services.settings.app_title}),
        welcome=classic.welcome,
        authority=lambda: services.report.authority.certificate,
    )


def _add_classic_routes(router: web.UrlDispatcher) -> None:
    router.add_post("/login", classic.log_in)
    router.add_post("/messages", classic.post_message)
    router.add_get("/healthz", health.healthz)


def _add_routes(router: web.UrlDispatcher) -> None:
    for operation in OPERATIONS:
        router.add_route(operation.method, f"{PREFIX}{operation.path}", operation.handler)
        # Who asks for the head of a stream would wait for its end.
        if operation.method == "get" and 101 not in operation.answers:  # noqa: PLR2004
            router.add_head(f"{PREFIX}{operation.path}", operation.handler)
