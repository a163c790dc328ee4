"""Inkstand to try: panel and button in memory, an account for this run only."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
import tempfile
import zoneinfo
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from aiohttp import web

from inkstand.accounts.passwords import make_hash
from inkstand.api.app import make_app
from inkstand.bootstrap import ListenError, build, listen, run, url_of
from inkstand.button import MemoryButton
from inkstand.config import Settings
from inkstand.events import Gesture
from inkstand.packs.chosen import shipped
from inkstand.playlist.playlist import Entry, Playlist

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

_HOST = "127.0.0.1"
_FIRST_PORT = 8000
_PORTS = 50
# Minutes: long enough to look at one, and to send something.
_TURN = 5
_LOCALTIME = Path("/etc/localtime")
_PRESSES: dict[str, Callable[[MemoryButton], None]] = {
    Gesture.SHORT: MemoryButton.press,
    Gesture.LONG: partial(MemoryButton.press, held=2.0),
    Gesture.DOUBLE: partial(MemoryButton.press, times=2),
}
_TEXT = """\
Inkstand demo: panel and button live in this process, nothing is kept.

  Open      {url}
  User      {user}
  Password  {password}
  Button    press Enter here, or: curl -X POST {url}demo/press
            (?gesture=long for the status screen, double for the last message again)

Ctrl-C stops it.
"""


async def demo(port: int | None, stop: asyncio.Event, *, packs: bool = False) -> None:
    """Run the demo on `port` of the loopback address (None: the first free one from 8000 on).

    With `packs` all that ship take turns while there is no message, with their example data.

    Raises:
        ListenError: the port is in use.
    """
    listener = _listen(port)
    with tempfile.TemporaryDirectory(prefix="inkstand-demo-") as directory:
        await _serve(listener, Path(directory), stop, packs=packs)
    print("Stopped.", flush=True)


async def _serve(
    listener: socket.socket, directory: Path, stop: asyncio.Event, *, packs: bool
) -> None:
    url, password = url_of(listener), secrets.token_urlsafe(9)
    settings = replace(_settings(password, directory), public_url=url)
    system = build(_with_packs(settings) if packs else settings)
    button = cast("MemoryButton", system.button)
    app = make_app(system.services)
    app.router.add_post("/demo/press", partial(_press, button))

    def ready() -> None:
        print(_TEXT.format(url=url, user=system.settings.username, password=password), flush=True)

    with _enter_presses(button):
        await run(system, app, listener, stop, ready)


async def _press(button: MemoryButton, request: web.Request) -> web.Response:
    # A page of another site must not press it.
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise web.HTTPForbidden
    gesture = request.query.get("gesture", Gesture.SHORT)
    if gesture not in _PRESSES:
        raise web.HTTPBadRequest
    _PRESSES[gesture](button)
    return web.json_response({"button": "pressed"})


def _settings(password: str, directory: Path) -> Settings:
    return Settings(
        password_hash=make_hash(password),
        token_secret=secrets.token_hex(32),
        timezone=_local_timezone(),
        panel="memory",
        button="memory",
        state_directory=directory,
    )


def _with_packs(settings: Settings) -> Settings:
    screens = {name: {"pack": name, "example": True} for name in shipped()}
    turns = Playlist(tuple(Entry(name, _TURN) for name in screens))
    return replace(settings, screens=screens, playlist=turns)


def _listen(port: int | None) -> socket.socket:
    if port is not None:
        return listen(_HOST, port)
    for candidate in range(_FIRST_PORT, _FIRST_PORT + _PORTS):
        with contextlib.suppress(ListenError):
            return _tell(listen(_HOST, candidate), candidate)
    return listen(_HOST, 0)


def _tell(listener: socket.socket, port: int) -> socket.socket:
    if port != _FIRST_PORT:
        print(f"Port {_FIRST_PORT} is in use; taking {port} instead.\n", flush=True)
    return listener


def _local_timezone() -> zoneinfo.ZoneInfo:
    target = str(_LOCALTIME.resolve())
    name = os.environ.get("TZ") or target.partition("zoneinfo/")[2] or "UTC"
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")


@contextlib.contextmanager
def _enter_presses(button: MemoryButton) -> Iterator[None]:
    """Press `button` for each line of standard input, where that can be waited for."""
    if sys.stdin is None:
        yield
        return
    loop, source = asyncio.get_running_loop(), sys.stdin.fileno()
    # Files and /dev/null cannot be waited for, and nobody presses Enter there.
    with contextlib.suppress(PermissionError):
        loop.add_reader(source, _read, source, button)
    try:
        yield
    finally:
        loop.remove_reader(source)


def _read(source: int, button: MemoryButton) -> None:
    if os.read(source, 4096):
        button.press()
    else:
        asyncio.get_running_loop().remove_reader(source)
