"""The OpenAPI 3.1 document, under `/api/v1/openapi.json`."""

from __future__ import annotations

import functools
import json
from typing import Any

from aiohttp import web

from inkstand import __version__
from inkstand.api import events, images, messages, panel, preview, screen, session, status, tokens
from inkstand.api.declared import Schemas
from inkstand.api.keys import SERVICES
from inkstand.api.operations import JSON, TEXT, Operations

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
async def get(request: web.Request) -> web.Response:
    """This document."""
    # It is for anybody, and says nothing about this Inkstand.
    text = _text(request.app[SERVICES].settings.message_max_length)
    return web.Response(text=text, content_type=JSON, headers={"Cache-Control": "no-cache"})


_MODULES = (session, tokens, messages, images, preview, screen, panel, events, status)
OPERATIONS = [*(each for module in _MODULES for each in module.OPERATIONS), *_OPERATIONS]


@functools.cache
def _text(longest: int) -> str:
    return json.dumps(make_document("Inkstand", longest))


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
