"""A stand-in for a TRMNL server, written from https://docs.trmnl.com/go/diy/byos."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web
from PIL import Image

from images.app.tests.fetching.servers import SECRET, Names
from inkstand.fetching.fetcher import Fetcher, FetchRequest
from inkstand.fetching.trmnl import Trmnl
from inkstand.fetching.trmnl_keys import DeviceKeys
from inkstand.pictures import worker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from inkstand.clock import Clock

HOST = "trmnl.example"
NOBODY = {"status": 404, "api_key": None, "friendly_id": None, "image_url": None}


def picture(kind: str = "PNG", black: float = 0.5) -> bytes:
    """Return a picture of 1 bit as such servers draw them, of which that much is black."""
    image = Image.new("1", (800, 480), 1)
    image.paste(0, (0, 0, int(800 * black), 480))
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


@dataclass
class TrmnlServer:
    """Knows devices by their IDs, each with the key it was given; a test changes what it has.

    What it is asked is in `asked` by path, with the headers; `instead` is answered in place of all
    else at a path, and nothing at the one where it `breaks_off`.
    """

    port: int = 0
    keys: dict[str, str] = field(default_factory=dict)
    takes_all: bool = True
    display: dict[str, Any] = field(
        default_factory=lambda: {
            "status": 0,
            "image_url": "/pictures/screen.png",
            "filename": "screen-1",
            "refresh_rate": 900,
            "update_firmware": False,
            "firmware_url": None,
            "reset_firmware": False,
            "special_function": "sleep",
        }
    )
    picture: bytes = field(default_factory=picture)
    instead: dict[str, web.Response] = field(default_factory=dict)
    breaks_off: str = ""
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    logs: list[Any] = field(default_factory=list)
    runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """What an owner fills in."""
        return f"http://{HOST}:{self.port}"

    def paths(self) -> list[str]:
        """Return what it was asked since the last time, without /api/."""
        found = [path.removeprefix("/api/") for path, _ in self.asked]
        self.asked.clear()
        return found

    async def start(self) -> None:
        """Answer on a free port, or on the one it had."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self.runner.addresses[0][1]

    async def stop(self) -> None:
        """Be gone, until it is started again."""
        if self.runner is not None:
            await self.runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, request.headers.copy()))
        if request.path == "/api/log":
            self.logs.append(await request.json())
        if request.path == self.breaks_off and request.transport is not None:
            request.transport.abort()
        if (instead := self.instead.get(request.path)) is not None:
            return web.Response(
                body=instead.body, status=instead.status, headers=instead.headers.copy()
            )
        match request.method, request.path:
            case "GET", "/api/setup":
                return self._set_up(request.headers["ID"])
            case "GET", "/api/display":
                known = request.headers["Access-Token"] in self.keys.values()
                return web.json_response(self.display if known else NOBODY)
            case "POST", "/api/log":
                return web.Response(status=204)
        return web.Response(body=self.picture)

    def _set_up(self, identity: str) -> web.Response:
        if not self.takes_all and identity not in self.keys:
            return web.json_response(NOBODY, status=404)
        key = self.keys.setdefault(identity, f"{SECRET}-{len(self.keys)}")
        return web.json_response({"status": 200, "api_key": key, "friendly_id": "917F0B"})


def asking(clock: Clock, folder: Path) -> Trmnl:
    """Return what asks such servers, as an app does that has its state in `folder`."""
    fetcher = Fetcher(clock, resolve=Names())
    return Trmnl(fetcher, DeviceKeys(folder / "trmnl.json"), worker.check)


def request(url: str, *, key: str = "", identity: str = "") -> FetchRequest:
    """Return what the pack that ships asks for."""
    headers = {"ID": identity, "Access-Token": key}
    return FetchRequest(url, headers, max_bytes=100_000, private=True)
