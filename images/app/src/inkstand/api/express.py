"""The two requests that come most, answered in front of aiohttp: the panel, and a new message.

aiohttp needs more time for a request, and two calls of the system to answer it, than all that is
ours. What is answered here is answered to the byte as aiohttp would; what is unusual in any way,
errors as well, goes to aiohttp.
"""

from __future__ import annotations

import asyncio
import json
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.api import views, wishes
from inkstand.api.access import Scope
from inkstand.api.connection import JsonConnection
from inkstand.api.messages import draft_of
from inkstand.api.middlewares import answer_headers
from inkstand.api.plain import Heads
from inkstand.api.schemas import parse_message
from inkstand.errors import InkstandError, InvalidTokenError
from inkstand.messages import Draft

if TYPE_CHECKING:
    import socket

    from inkstand.api.keys import Services
    from inkstand.api.plain import Plain
    from inkstand.auth.model import Principal
    from inkstand.display import Display

_JSON = "application/json"
_CLASSIC = "/messages"
_POSTS = (_CLASSIC, "/api/v1/messages")


class PanelText:
    """The JSON of the panel, made anew when something has changed."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._seen: tuple[object, ...] | None = None
        self._text = b""

    def get(self) -> bytes:
        """Return the JSON of the panel as it is now."""
        display = self._display
        seen = (
            display.reason,
            display.info,
            display.refreshing,
            display.last_refresh,
            *display.refreshes.values(),
        )
        if seen != self._seen:
            self._seen, self._text = seen, json.dumps(views.panel(display)).encode()
        return self._text


class Express:
    """Answers what it knows how to; None means that somebody else has to."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._heads = Heads()
        self._panel = PanelText(services.display)
        lines = "".join(f"{name}: {value}\r\n" for name, value in answer_headers().items())
        self._headers = lines.encode()
        self._date = (0, b"")

    def read(self, data: bytes) -> Plain | None:
        """Return the request that `data` is, if that is simple to tell."""
        return self._heads.read(data)

    def answer(self, request: Plain) -> bytes | None:
        """Return the answer to a request that can be answered at once."""
        head = request.head
        if (head.method, head.path, head.length) != ("GET", "/api/v1/panel", 0):
            return None
        if self._principal(head.token, Scope.READ) is None:
            return None
        return self._ok(b"200 OK", self._panel.get())

    def draft(self, request: Plain) -> Draft | None:
        """Return what to keep when the request is a message that can be taken in."""
        head = request.head
        if head.method != "POST" or head.media_type != _JSON or head.path not in _POSTS:
            return None
        principal = self._principal(head.token, Scope.POST)
        try:
            return self._draft(principal, request) if principal else None
        except InkstandError:
            return None

    async def post(self, draft: Draft, path: str) -> bytes | None:
        """Keep a message that was sent to `path`, and return the answer."""
        try:
            added = await self._services.appliance.submit(draft)
        except InkstandError:
            # It was not kept; what aiohttp is told about it then is up to a second attempt.
            return None
        if path == _CLASSIC:
            return self._ok(b"201 Created", json.dumps({"message": draft.text}).encode())
        location = b"Location: /api/v1/messages/%d\r\n" % added.message.id
        body = json.dumps(views.message(added.message)).encode()
        return self._ok(b"201 Created", body, location)

    def _draft(self, by: Principal, request: Plain) -> Draft:
        longest = self._services.settings.message_max_length
        if request.head.path == _CLASSIC:
            text = parse_message(_JSON, request.body, longest)
            return Draft(author=by.user, text=text, sender=by.sender)
        values = wishes.parse_object(_JSON, request.body)
        posting = wishes.parse_posting(values, longest, self._services.clock.now())
        return draft_of(by, posting.text, posting.options, None)

    def _principal(self, token: str, scope: Scope) -> Principal | None:
        try:
            principal = self._services.accounts.verify(token)
        except InvalidTokenError:
            return None
        return principal if principal.scope >= scope else None

    def _ok(self, status: bytes, body: bytes, more: bytes = b"") -> bytes:
        return (
            b"HTTP/1.1 %b\r\n%bContent-Type: application/json; charset=utf-8\r\n"
            b"Content-Length: %d\r\nDate: %b\r\n%b\r\n%b"
            % (status, more, len(body), self._now(), self._headers, body)
        )

    def _now(self) -> bytes:
        now = int(time.time())
        if self._date[0] != now:
            self._date = (now, formatdate(now, usegmt=True).encode())
        return self._date[1]


class ExpressSite(web.SockSite):
    """Takes connections on a socket that listens."""

    def __init__(self, runner: web.BaseRunner, listener: socket.socket, express: Express) -> None:
        super().__init__(runner, listener)
        self._express = express

    async def start(self) -> None:
        """Take connections from now on."""
        await web.BaseSite.start(self)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, sock=self._sock, backlog=128)

    def _connect(self) -> Connection:
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner was not set up")
        return Connection(server, self._express, asyncio.get_running_loop())


class Connection(JsonConnection):
    """A connection of a client: plain requests go by express, all others to aiohttp.

    Answers leave in the order of the requests: one goes by express only while aiohttp waits for the
    next, and what comes while a message is being kept has to wait. Once something came of which it
    is not certain where it ends, everything goes to aiohttp.
    """

    __slots__ = ("_certain", "_express", "_held", "_posting")

    def __init__(
        self, server: web.Server, express: Express, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(server, loop)
        self._express = express
        self._certain = True
        self._posting: asyncio.Task[None] | None = None
        self._held: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        """Take what came from the client."""
        if self._posting is not None:
            self._hold(data)
        elif not self._take(data):
            self._pass_on(data)

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109 - aiohttp's
        """Let a message that is being kept be answered before the end."""
        if self._posting is not None:
            await asyncio.wait([self._posting], timeout=timeout)
        await super().shutdown(timeout)

    def _pass_on(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except ValueError:
            # A target such as http://[ is more than the parser of aiohttp 3.11 can bear.
            self.force_close()

    def _take(self, data: bytes) -> bool:
        """Return whether `data` was a request for the express."""
        request = self._express.read(data) if self._certain else None
        if request is None:
            self._certain = False
            return False
        if self._waiter is None or self._waiter.done() or self._paused:
            return False
        return self._send(self._express.answer(request)) or self._post(request, data)

    def _send(self, answer: bytes | None) -> bool:
        if answer is None or self.transport is None or self.transport.is_closing():
            return False
        self.transport.write(answer)
        self._next_keepalive_close_time = self._loop.time() + self.keepalive_timeout
        return True

    def _post(self, request: Plain, data: bytes) -> bool:
        draft = self._express.draft(request)
        if draft is not None:
            self._posting = self._loop.create_task(self._keep(draft, request.head.path, data))
        return draft is not None

    async def _keep(self, draft: Draft, path: str, data: bytes) -> None:
        answer = None
        try:
            answer = await self._express.post(draft, path)
        finally:
            self._posting = None
            if not self._send(answer):
                self._pass_on(data)
            self._release()

    def _hold(self, data: bytes) -> None:
        if self.transport is not None and not self._held:
            self.transport.pause_reading()
        self._held.append(data)

    def _release(self) -> None:
        held, self._held = self._held, []
        if held and self.transport is not None:
            self.transport.resume_reading()
        for data in held:
            self.data_received(data)
