"""Serves the page and what it loads."""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.api import classic
from inkstand.api.keys import SERVICES

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER = Path(__file__).parent / "assets"
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page, in memory."""

    body: bytes
    content_type: str
    tag: str


ASSETS = web.AppKey("assets", dict[str, Asset])


def load_assets(replacements: Mapping[str, str]) -> dict[str, Asset]:
    """Return all files of the page by name; in HTML `{{key}}` becomes the (escaped) value."""
    return {path.name: _load(path, replacements) for path in sorted(_FOLDER.iterdir())}


async def index(request: web.Request) -> web.Response:
    """`GET /`: the page for browsers, the answer of 2017 for all others."""
    if accepts_html(request.headers.get("Accept", "")):
        return _serve(request, "index.html")
    return await classic.welcome(request)


async def asset(request: web.Request) -> web.Response:
    """`GET /assets/<name>`."""
    return _serve(request, request.match_info["name"])


def accepts_html(accept: str) -> bool:
    """Tell whether the header names text/html; `*/*` is what programs send."""
    ranges = (item.split(";") for item in accept.lower().split(","))
    return any(
        name.strip() == "text/html" and "q=0" not in [part.strip() for part in parameters]
        for name, *parameters in ranges
    )


def add_routes(app: web.Application) -> None:
    """Add the page to `app`."""
    app[ASSETS] = load_assets({"title": app[SERVICES].settings.app_title})
    app.router.add_get("/", index)
    app.router.add_get("/assets/{name}", asset)
    app.router.add_get("/favicon.ico", favicon)


async def favicon(request: web.Request) -> web.Response:
    """`GET /favicon.ico`: browsers ask for it whatever the page says."""
    return _serve(request, "icon.svg")


def _serve(request: web.Request, name: str) -> web.Response:
    found = request.app[ASSETS].get(name)
    if found is None:
        raise web.HTTPNotFound
    headers = {"ETag": f'"{found.tag}"', "Cache-Control": "no-cache", "Vary": "Accept"}
    if any(sent.value == found.tag for sent in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(
        body=found.body, content_type=found.content_type, charset="utf-8", headers=headers
    )


def _load(path: Path, replacements: Mapping[str, str]) -> Asset:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        for key, value in replacements.items():
            text = text.replace("{{" + key + "}}", html.escape(value))
    body = text.encode()
    return Asset(body, _TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:16])
