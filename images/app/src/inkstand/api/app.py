"""The aiohttp application: routes and what surrounds them."""

from __future__ import annotations

from aiohttp import web

from inkstand.api import (
    classic,
    events,
    health,
    images,
    messages,
    metrics,
    openapi,
    panel,
    preview,
    screen,
    session,
    status,
    tokens,
)
from inkstand.api.keys import SERVICES, Services
from inkstand.api.middlewares import (
    add_security_headers,
    authenticate,
    refuse_bodies,
    translate_errors,
)
from inkstand.api.queries import refuse_unknown_queries
from inkstand.api.schemas import longest_body
from inkstand.web import pages

_PREFIX = "/api/v1"


def make_app(services: Services) -> web.Application:
    """Return the application that shows `services` to the world."""
    longest_message = services.settings.message_max_length
    app = web.Application(
        middlewares=[
            pages.for_browsers,
            translate_errors,
            refuse_bodies,
            authenticate,
            refuse_unknown_queries,
        ],
        client_max_size=longest_body(longest_message),
    )
    app[SERVICES] = services
    # aiohttp 3.11 declares the type of its signals wrongly for newer versions of aiosignal.
    app.on_response_prepare.append(add_security_headers)  # type: ignore[arg-type]
    app.on_shutdown.append(events.end_all)  # type: ignore[arg-type]
    _add_classic_routes(app.router)
    app.router.add_get("/metrics", metrics.get)
    _add_routes(app.router)
    pages.add_routes(app)
    return app


def _add_classic_routes(router: web.UrlDispatcher) -> None:
    router.add_post("/login", classic.log_in)
    router.add_post("/messages", classic.post_message)
    router.add_get("/healthz", health.healthz)


def _add_routes(router: web.UrlDispatcher) -> None:
    router.add_post(f"{_PREFIX}/session", session.log_in)
    router.add_get(f"{_PREFIX}/session", session.state)
    router.add_delete(f"{_PREFIX}/session", session.log_out)
    router.add_get(f"{_PREFIX}/tokens", tokens.collection)
    router.add_post(f"{_PREFIX}/tokens", tokens.create)
    router.add_delete(f"{_PREFIX}/tokens/{{id}}", tokens.revoke)
    message = f"{_PREFIX}/messages/{{id:[0-9]{{1,19}}}}"
    router.add_post(f"{_PREFIX}/messages", messages.post)
    router.add_get(f"{_PREFIX}/messages", messages.history)
    router.add_get(message, messages.get)
    router.add_delete(message, messages.delete)
    router.add_get(f"{message}/picture", messages.picture)
    router.add_post(f"{message}/show", messages.show)
    router.add_post(f"{message}/acknowledge", messages.acknowledge)
    router.add_post(f"{_PREFIX}/images", images.post)
    router.add_post(f"{_PREFIX}/preview", preview.post)
    router.add_get(f"{_PREFIX}/screen", screen.get)
    router.add_put(f"{_PREFIX}/screen", screen.put)
    router.add_post(f"{_PREFIX}/button", screen.press)
    router.add_get(f"{_PREFIX}/status", status.get)
    router.add_get(f"{_PREFIX}/panel", panel.state)
    router.add_get(f"{_PREFIX}/panel.png", panel.picture)
    router.add_get(f"{_PREFIX}/openapi.json", openapi.get)
    router.add_get(f"{_PREFIX}/events", events.events, allow_head=False)
