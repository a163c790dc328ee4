"""Serves the page and what it loads."""

from __future__ import annotations

import functools
import hashlib
import html
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_FOLDER = Path(__file__).parent / "assets"
# Where a browser gets a page although nothing is there for it; programs get JSON everywhere.
_NOWHERE = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
_FOR_PROGRAMS = "/api/"
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


@dataclass(frozen=True, slots=True)
class Site:
    """What is behind the page: its files, and what to serve that it does not make itself.

    `welcome` answers `GET /` for programs; `authority` returns the certificate authority to trust,
    None where there is none of our own.
    """

    assets: Mapping[str, Asset]
    welcome: Handler
    authority: Callable[[], str | None]


SITE = web.AppKey("site", Site)


def load_assets(replacements: Mapping[str, str]) -> dict[str, Asset]:
    """Return all files of the page by name; in HTML `{{key}}` becomes the (escaped) value."""
    return {path.name: _load(path, replacements) for path in sorted(_FOLDER.iterdir())}


async def index(request: web.Request) -> web.StreamResponse:
    """`GET /`: the page for browsers, the answer of 2017 for all others."""
    if accepts_html(request.headers.get("Accept", "")):
        return _serve(request, "index.html")
    return await request.app[SITE].welcome(request)


def for_browser(request: web.Request, status: int) -> web.StreamResponse | None:
    """Return a page for a browser that asks for what is not there, None for all others.

    Raises:
        HTTPSeeOther: the way to the page, for who has typed what programs use.
    """
    if status not in _NOWHERE or not _is_visitor(request):
        return None
    if request.path == "/login":
        # Programs log in there; people have typed what they know from elsewhere.
        raise web.HTTPSeeOther("/")
    return _serve(request, "missing.html", status=HTTPStatus.NOT_FOUND)


async def authority(request: web.Request) -> web.Response:
    """`GET /ca.pem`: the certificate authority to trust, where there is one of our own."""
    certificate = request.app[SITE].authority()
    if certificate is None:
        raise web.HTTPNotFound
    return web.Response(text=certificate, content_type="application/x-x509-ca-cert")


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


def add_routes(app: web.Application, site: Site) -> None:
    """Add the page to `app`."""
    app[SITE] = site
    app.router.add_get("/", index)
    app.router.add_get("/assets/{name}", asset)
    app.router.add_get("/ca.pem", authority)
    app.router.add_get("/favicon.ico", favicon)
    for page in ("people", "invite", "guest"):
        app.router.add_get(f"/{page}", functools.partial(_page, name=f"{page}.html"))


async def favicon(request: web.Request) -> web.Response:
    """`GET /favicon.ico`: browsers ask for it whatever the page says."""
    return _serve(request, "icon.svg")


async def _page(request: web.Request, name: str) -> web.Response:
    return _serve(request, name)


def _is_visitor(request: web.Request) -> bool:
    return (
        request.method in ("GET", "HEAD")
        and not request.path.startswith(_FOR_PROGRAMS)
        and accepts_html(request.headers.get("Accept", ""))
    )


def _serve(request: web.Request, name: str, *, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    found = request.app[SITE].assets.get(name)
    if found is None:
        raise web.HTTPNotFound
    headers = {"ETag": f'"{found.tag}"', "Cache-Control": "no-cache", "Vary": "Accept"}
    if status is HTTPStatus.OK and any(it.value == found.tag for it in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(
        body=found.body,
        status=status,
        content_type=found.content_type,
        charset="utf-8",
        headers=headers,
    )


def _load(path: Path, replacements: Mapping[str, str]) -> Asset:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        for key, value in replacements.items():
            text = text.replace("{{" + key + "}}", html.escape(value))
    body = text.encode()
    return Asset(body, _TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:16])
