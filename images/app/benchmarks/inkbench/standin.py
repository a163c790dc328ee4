"""What the app is compared with: the same tasks, written the plain way of 2017.

aiohttp, PyJWT, text by Pillow, all in one process with no store: `standin.py PORT PANEL PIGPIOD`
serves on PORT, writes to the directory PANEL, and follows a button at the port PIGPIOD.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import struct
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web
from PIL import Image, ImageDraw, ImageFont

USER = "owner"
WHITE, BLACK = 1, 0
GPIO = 22
PULL, PULL_UP, OPEN_STREAM, BEGIN = 2, 2, 99, 19  # commands of pigpiod, and what one takes
FONTS = Path("/usr/share/fonts/truetype/dejavu")


class Panel:
    """The driver's directory, and what is drawn onto it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        found = re.search(r"(\d+)x(\d+)", (directory / "panel").read_text())
        assert found  # noqa: S101
        self._size = int(found[1]), int(found[2])
        bold, mono = FONTS / "DejaVuSans-Bold.ttf", FONTS / "DejaVuSansMono-Bold.ttf"
        self._fonts = {size: ImageFont.truetype(str(bold), size) for size in (90, 32)}
        self._fonts |= {size: ImageFont.truetype(str(mono), size) for size in (18, 20)}
        self._clock, self._day = Image.new("1", self._size, WHITE), 0

    async def show_time(self, now: datetime) -> None:
        """Draw the time, and the date when it is another."""
        draw = ImageDraw.Draw(self._clock)
        width, height = self._size
        if now.day != self._day:
            draw.rectangle((0, 0, width, height), fill=WHITE)
            draw.text((10, 95), f"{now:%Y-%m-%d}", fill=BLACK, font=self._fonts[32])
            draw.text((10, 135), f"{now:%A}", fill=BLACK, font=self._fonts[32])
            self._day = now.day
        draw.rectangle((0, 0, width, 94), fill=WHITE)
        draw.text((5, 0), f"{now:%H:%M}", fill=BLACK, font=self._fonts[90])
        await self._show(self._clock)

    async def show_message(self, text: str, author: str, now: datetime) -> None:
        """Draw a message, and who sent it when."""
        image = Image.new("1", self._size, WHITE)
        draw = ImageDraw.Draw(image)
        width, height = self._size
        letters = (width - 8) // (draw.textlength(text, self._fonts[18]) / len(text))
        lines = textwrap.fill(text, int(letters))
        draw.multiline_text((4, 4), lines, fill=BLACK, font=self._fonts[18])
        line = f"{author} at {now:%H:%M}"
        left = width - draw.textlength(line, self._fonts[20]) - 5
        draw.text((left, height - 28), line, fill=BLACK, font=self._fonts[20])
        await self._show(image)

    async def _show(self, image: Image.Image) -> None:
        await asyncio.to_thread(self._hand_over, image.tobytes())

    def _hand_over(self, data: bytes) -> None:
        (self._directory / "LE" / "display_inverse").write_bytes(data)
        (self._directory / "command").write_bytes(b"U")


class StandIn:
    """A clock until a message comes, and again when the button is pressed."""

    def __init__(self, panel: Panel, secret: str, password: str) -> None:
        self._panel, self._secret, self._password = panel, secret, password
        self._tasks: set[asyncio.Task[None]] = set()
        self._clock = asyncio.create_task(self._show_clock())

    async def index(self, _: web.Request) -> web.Response:
        """Say that it is there."""
        return web.json_response({"message": "Welcome!"})

    async def log_in(self, request: web.Request) -> web.Response:
        """Give a token for the password."""
        data = await request.json()
        if (data["username"], data["password"]) != (USER, self._password):
            return web.json_response({"error": "Invalid credentials"}, status=400)
        claims = {"user": USER, "exp": datetime.now(UTC) + timedelta(days=30)}
        return web.json_response({"token": jwt.encode(claims, self._secret, "HS256")})

    async def post_message(self, request: web.Request) -> web.Response:
        """Show a message."""
        user, data = self._user(request), await request.json()
        self._clock.cancel()
        showing = self._panel.show_message(data["text"], user, datetime.now(UTC))
        self._keep(asyncio.create_task(showing))
        return web.json_response({"text": data["text"]}, status=201)

    async def follow_button(self, port: int) -> None:
        """Go back to the clock when the button is pressed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        asking, asker = await asyncio.open_connection("127.0.0.1", port)
        writer.write(struct.pack("<4I", OPEN_STREAM, 0, 0, 0))
        handle = struct.unpack("<4I", await reader.readexactly(16))[3]
        for command in ((PULL, GPIO, PULL_UP, 0), (BEGIN, handle, 1 << GPIO, 0)):
            asker.write(struct.pack("<4I", *command))
            await asking.readexactly(16)
        while True:
            *_, levels = struct.unpack("<HHII", await reader.readexactly(12))
            if levels & 1 << GPIO and self._clock.done():
                self._clock = asyncio.create_task(self._show_clock())

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _user(self, request: web.Request) -> str:
        token = request.headers.get("Authorization", "")
        try:
            claims: dict[str, Any] = jwt.decode(token, self._secret, ["HS256"])
        except jwt.InvalidTokenError:
            body = json.dumps({"error": "Token is invalid"})
            raise web.HTTPUnauthorized(text=body, content_type="application/json") from None
        return str(claims["user"])

    async def _show_clock(self) -> None:
        shown = None
        while True:
            now = datetime.now(UTC)
            if now.minute != shown:
                shown = now.minute
                await self._panel.show_time(now)
            await asyncio.sleep(0.5)


async def main(port: int, panel: Path, pigpiod: int) -> None:
    """Serve until killed."""
    secret, password = os.environ["STANDIN_SECRET"], os.environ["STANDIN_PASSWORD"]
    app, standin = web.Application(), StandIn(Panel(panel), secret, password)
    app.router.add_get("/", standin.index)
    app.router.add_post("/api/v1/session", standin.log_in)
    app.router.add_post("/api/v1/messages", standin.post_message)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await standin.follow_button(pigpiod)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
