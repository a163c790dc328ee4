"""The document as a whole."""

from __future__ import annotations

from typing import Any

from inkstand import __version__
from inkstand.api.document.operations import paths
from inkstand.api.document.shapes import schemas

_DESCRIPTION = """\
Everything that the page and the command line do. Times are RFC 3339 in UTC. Errors are
`application/problem+json`: `detail` is for people, `code` for programs. A request that changes
something and comes with the cookie has to come from a page of this site.
"""


def make_document(title: str, longest: int) -> dict[str, Any]:
    """Return the OpenAPI document of an Inkstand that takes messages of `longest` characters."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"cookie": []}],
        "paths": paths(),
        "components": {
            "schemas": schemas(longest),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-inkstand"},
            },
        },
    }
