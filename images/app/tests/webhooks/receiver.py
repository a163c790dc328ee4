"""Somebody who is told what happens, and believes nothing that is not signed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATIENCE = 60


@dataclass
class Receiver:
    """Answers what `answer` returns, a status or more, to each request that is well signed.

    `asked` are the ids of all requests, `taken` the bodies of those that were answered with 200.
    """

    answer: Callable[[], Any] = lambda: 200
    asked: list[str] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def numbers(self) -> list[int]:
        """What was taken, by the number in each message's id."""
        return [each["data"]["id"] for each in self.taken]

    async def start(self, tls: ssl.SSLContext) -> web.AppRunner:
        """Listen on any port of this machine."""
        app = web.Application()
        app.router.add_post("/hook", self._take)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        self.port = runner.addresses[0][1]
        return runner

    async def until(self, condition: Callable[[], object]) -> None:
        """Return when it holds, which is looked at after each request."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def has_taken(self, count: int) -> None:
        """Return when it has taken so many."""
        await self.until(lambda: len(self.taken) >= count)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        told = Webhook(SECRET).verify(await request.read(), dict(request.headers))
        assert request.content_type == "application/json"
        self.asked.append(request.headers["webhook-id"])
        answer = self.answer()
        self.changed.set()
        if isinstance(answer, int):
            if answer == 200:
                self.taken.append(told)
            return web.Response(status=answer)
        response: web.StreamResponse = await answer(request)
        return response
