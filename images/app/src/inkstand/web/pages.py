"""Serves the page and what it loads."""

from __future__ import annotations

import hashlib
import html
import json
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.web import translation
from inkstand.web.translation import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

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
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
_ESCAPES: Mapping[str, Callable[[str], str]] = {
    ".html": html.escape,
    ".webmanifest": lambda value: json.dumps(value)[1:-1],
}
# Where the page holds what was shared with it.
_SHARED = b"<!-- what was shared -->"
# The module with the words that scripts say.
_WORDS = "words.js"
_VARY = "Accept, Accept-Language"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page, in memory."""

    body: bytes
    content_type: str
    tag: str


class Assets:
    """The files of the page: in English from the start, in a language when it is first asked for.

    In HTML and JSON `{{key}}` becomes the value of `replacements`; `words` reads a language's.
    """

    def __init__(
        self,
        replacements: Mapping[str, str],
        words: Callable[[str], Mapping[str, str]] = translation.table,
    ) -> None:
        self._replacements = replacements
        self._words = words
        self._bodies = {path.name: path.read_bytes() for path in sorted(_FOLDER.iterdir())}
        self._codes = {ENGLISH, *translation.codes()}
        self._made = {ENGLISH: self._load(self._bodies)}

    def find(self, name: str, codes: Iterable[str] = ()) -> Asset | None:
        """Return a file in the first language that there is, else in English."""
        code = next((it for it in codes if it in self._codes), ENGLISH)
        if code not in self._made:
            self._made[code] = self._load(self._translated(code))
        return self._made[code].get(name) or self._made[ENGLISH].get(name)

    def _translated(self, code: str) -> dict[str, bytes]:
        words = self._words(code)
        scripts = self._texts(".js").values()
        said = set[str]().union(*map(translation.texts_said, scripts))
        pages = {
            name: translation.translate(page, code, words).encode()
            for name, page in self._texts(".html").items()
        }
        return {**pages, _WORDS: translation.as_script(words, said).encode()}

    def _texts(self, suffix: str) -> dict[str, str]:
        bodies = self._bodies.items()
        return {name: body.decode() for name, body in bodies if name.endswith(suffix)}

    def _load(self, bodies: Mapping[str, bytes]) -> dict[str, Asset]:
        return {name: _load(name, body, self._replacements) for name, body in bodies.items()}


@dataclass(frozen=True, slots=True)
class Site:
    """What is behind the page: its files, and what to serve that it does not make itself.

    `welcome` answers `GET /` for programs; `authority` returns the certificate authority to trust,
    and `fingerprint` its fingerprint, None where there is none of our own.
    """

    assets: Assets
    welcome: Handler
    authority: Callable[[], str | None]
    fingerprint: Callable[[], str | None]


SITE = web.AppKey("site", Site)


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


async def trust(request: web.Request) -> web.Response:
    """`GET /trust`: what makes a browser trust this appliance, and how it is recognised."""
    fingerprint = request.app[SITE].fingerprint()
    page = "trusted.html" if fingerprint is None else "trust.html"
    return _filled(request, page, "{{fingerprint}}", html.escape(fingerprint or ""))


def with_shared(request: web.Request, shared: str) -> tuple[bytes, bytes]:
    """Return the page as it is before and after what was shared with it, HTML that it holds."""
    page = _asset(request, "index.html").body.partition(_SHARED)
    return page[0] + shared.encode(), page[2]


async def asset(request: web.Request, name: str = "") -> web.Response:
    """`GET /assets/<name>`, and others at an address of their own."""
    return _serve(request, name or request.match_info["name"])


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
    app.router.add_get("/trust", trust)
    # Browsers ask for it whatever the page says.
    app.router.add_get("/favicon.ico", partial(asset, name="icon.svg"))
    app.router.add_get("/manifest.webmanifest", partial(asset, name="manifest.webmanifest"))
    # They say nothing before a log-in.
    for name in ("settings", "people", "invite", "guest"):
        app.router.add_get(f"/{name}", partial(asset, name=f"{name}.html"))


def _is_visitor(request: web.Request) -> bool:
    return (
        request.method in ("GET", "HEAD")
        and not request.path.startswith(_FOR_PROGRAMS)
        and accepts_html(request.headers.get("Accept", ""))
    )


def _serve(request: web.Request, name: str, *, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    found = _asset(request, name)
    headers = {"ETag": f'"{found.tag}"', "Cache-Control": "no-cache", "Vary": _VARY}
    if status is HTTPStatus.OK and any(it.value == found.tag for it in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(
        body=found.body,
        status=status,
        content_type=found.content_type,
        charset=None if found.content_type == "image/png" else "utf-8",
        headers=headers,
    )


def _asset(request: web.Request, name: str) -> Asset:
    """Return the file in the language of who asks, if it has words, else as it is.

    Raises:
        HTTPNotFound: there is no such file.
    """
    codes = translation.wanted(request.headers.get("Accept-Language", ""))
    found = request.app[SITE].assets.find(name, codes)
    if found is None:
        raise web.HTTPNotFound
    return found


def _filled(request: web.Request, name: str, key: str, value: str) -> web.Response:
    text = _asset(request, name).body.decode().replace(key, value)
    headers = {"Cache-Control": "no-cache", "Vary": _VARY}
    return web.Response(text=text, content_type="text/html", headers=headers)


def _load(name: str, body: bytes, replacements: Mapping[str, str]) -> Asset:
    suffix = Path(name).suffix
    if escape := _ESCAPES.get(suffix):
        for key, value in replacements.items():
            body = body.replace(f"{{{{{key}}}}}".encode(), escape(value).encode())
    return Asset(body, _TYPES[suffix], hashlib.sha256(body).hexdigest()[:16])
