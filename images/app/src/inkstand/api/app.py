"""The aiohttp application: routes, the OpenAPI 3.1 document of them, and what surrounds them."""

from __future__ import annotations

import functools
import json
from typing import Any

from aiohttp import web

from inkstand import __version__
from inkstand.api import (
    accounts,
    classic,
    documentation,
    events,
    guests,
    hooks,
    messages,
    metrics,
    neighbours,
    own_packs,
    packs,
    panel,
    people,
    pictures,
    settings,
    sharing,
    status,
    webhooks,
)
from inkstand.api.operations import TEXT, Operations
from inkstand.api.schemas import Schemas
from inkstand.api.server import (
    add_security_headers,
    authenticate,
    refuse_bodies,
    translate_errors,
)
from inkstand.api.services import SERVICES, Services
from inkstand.media_types import JSON
from inkstand.web import pages

PREFIX = "/api/v1"
_DESCRIPTION = """\
Everything that the page and the command line do. Times are RFC 3339 in UTC. Errors are
`application/problem+json`: `detail` is for people, `code` for programs. A request that changes
something and comes with the cookie has to come from a page of this site.
"""
_OPERATIONS = Operations("status")


@_OPERATIONS.add(
    "get", "/openapi.json", "document", None, answers={200: {JSON: {"schema": {"type": "object"}}}}
)
async def document(request: web.Request) -> web.Response:
    """This document."""
    # It is for anybody, and says nothing about this Inkstand.
    text = _text(request.app[SERVICES].settings.message_max_length)
    return web.Response(text=text, content_type=JSON, headers={"Cache-Control": "no-cache"})


async def documentation_page(request: web.Request) -> web.Response:
    """`GET /api/docs`: the same for people, and for anybody too."""
    text = _page(request.app[SERVICES].settings.message_max_length)
    headers = {"Cache-Control": "no-cache"}
    return web.Response(text=text, content_type="text/html", headers=headers)


OPERATIONS = [
    *accounts.SESSION,
    *accounts.TOKENS,
    *messages.OPERATIONS,
    *pictures.OPERATIONS,
    *panel.OPERATIONS,
    *events.OPERATIONS,
    *status.OPERATIONS,
    *metrics.OPERATIONS,
    *settings.OPERATIONS,
    *packs.OPERATIONS,
    *_OPERATIONS,
    *people.OPERATIONS,
    *guests.OPERATIONS,
    *own_packs.OPERATIONS,
    *hooks.OPERATIONS,
    *webhooks.OPERATIONS,
    *neighbours.OPERATIONS,
]


def make_app(services: Services) -> web.Application:
    """Return the application that shows `services` to the world."""
    app = web.Application(
        middlewares=[
            translate_errors,
            refuse_bodies,
            authenticate,
        ],
        # A character outside the BMP is twelve bytes in JSON.
        client_max_size=16_384 + 12 * services.settings.message_max_length,
    )
    app[SERVICES] = services
    app[hooks.ALERTS] = hooks.Alerts()
    # aiohttp 3.11 declares the type of its signals wrongly for newer versions of aiosignal.
    app.on_response_prepare.append(add_security_headers)  # type: ignore[arg-type]
    app.on_shutdown.append(events.end_all)  # type: ignore[arg-type]
    _add_classic_routes(app.router)
    app.router.add_get("/metrics", metrics.of_network)
    _add_routes(app.router)
    app.router.add_get("/api/docs", documentation_page)
    app.router.add_post("/share", sharing.share)
    pages.add_routes(app, _site(services))
    return app


def make_document(title: str, longest: int) -> dict[str, Any]:
    """Return the OpenAPI document of an Inkstand that takes messages of `longest` characters."""
    text = {**TEXT, "minLength": 1, "maxLength": longest}
    known = Schemas({"Text": {**text, "description": "Any characters, but not blank."}})
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        item = paths.setdefault(operation.documented_path, {})
        item[operation.method] = operation.as_json(known)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": known.named,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-inkstand"},
            },
        },
    }


def _site(services: Services) -> pages.Site:
    return pages.Site(
        assets=pages.Assets({"title": services.settings.app_title}),
        welcome=classic.welcome,
        authority=lambda: services.report.authority.certificate,
        fingerprint=lambda: services.report.authority.fingerprint,
    )


def _add_classic_routes(router: web.UrlDispatcher) -> None:
    router.add_post("/login", classic.log_in)
    router.add_post("/messages", classic.post_message)
    router.add_get("/healthz", status.healthz)


def _add_routes(router: web.UrlDispatcher) -> None:
    for operation in OPERATIONS:
        router.add_route(operation.method, f"{PREFIX}{operation.path}", operation.handler)
        # Who asks for the head of a stream would wait for its end.
        if operation.method == "get" and 101 not in operation.answers:  # noqa: PLR2004
            router.add_head(f"{PREFIX}{operation.path}", operation.handler)


@functools.cache
def _text(longest: int) -> str:
    return json.dumps(make_document("Inkstand", longest))


@functools.cache
def _page(longest: int) -> str:
    return documentation.render(make_document("Inkstand", longest))
