"""What goes by express is answered as aiohttp would answer it, in the order of the requests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from inkstand import bootstrap
from inkstand.api.express import Connection, Express, ExpressSite
from inkstand.auth.model import Scope
from inkstand.errors import StorageFullError
from inkstand.events import MessageChanged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

pytestmark = pytest.mark.integration
PATIENCE = 10
PANEL = "GET /api/v1/panel"


@dataclass
class Line:
    """A connection whose bytes a test writes itself."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self) -> bytes:
        """Return the next answer, with its date taken out."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            found = re.search(rb"Content-Length: (\d+)", head)
            body = await self.reader.readexactly(int(found[1]) if found else 0)
        return re.sub(rb"Date: [^\r]+", b"Date: -", head) + body

    async def ask(self, data: bytes) -> bytes:
        self.writer.write(data)
        return await self.answer()


@dataclass
class Lines:
    """The same app by express and without it."""

    site: Any
    express_port: int
    seen: list[bytes]
    opened: list[Line]

    async def express(self) -> Line:
        return await self._open(self.express_port)

    async def ordinary(self) -> Line:
        return await self._open(self.site.client.port)

    async def _open(self, port: int) -> Line:
        line = Line(*await asyncio.open_connection("127.0.0.1", port))
        self.opened.append(line)
        return line

    def request(self, first: str, body: bytes | None = None, *more: str, token: str = "") -> bytes:
        lines = [f"{first} HTTP/1.1", "Host: mac", f"Authorization: {token or self.site.token}"]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, *more, "", ""]).encode() + (body or b"")

    def message(self, text: object, **options: Any) -> bytes:
        return self.request("POST /messages", json.dumps({"message": text}).encode(), **options)

    async def texts(self) -> list[str]:
        page = await self.site.system.store.page(limit=200)
        return [message.text for message in page.messages][::-1]


@pytest.fixture
async def lines(site: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lines]:
    """An appliance that is reached by express and without it; `seen`: what reached aiohttp."""
    seen: list[bytes] = []
    ordinary = web.RequestHandler.data_received

    def note(self: web.RequestHandler, data: bytes) -> None:
        # Newer versions of aiohttp call it with nothing to go on reading.
        if isinstance(self, Connection) and data:
            seen.append(data)
        ordinary(self, data)

    monkeypatch.setattr(web.RequestHandler, "data_received", note)
    listener = bootstrap.listen("127.0.0.1", 0)
    runner = site.client.server.runner
    express = ExpressSite(runner, listener, Express(site.system.services))
    await express.start()
    lines = Lines(site, listener.getsockname()[1], seen, [])
    yield lines
    for line in lines.opened:
        line.writer.close()
        with contextlib.suppress(OSError):
            await line.writer.wait_closed()
    await express.stop()


async def both(lines: Lines, data: bytes) -> tuple[bytes, bytes]:
    express, ordinary = await lines.express(), await lines.ordinary()
    # On the first turn of a new connection aiohttp does not wait for a request yet.
    await express.ask(lines.request("GET /healthz"))
    lines.seen.clear()
    return await express.ask(data), await ordinary.ask(data)


async def test_the_panel_is_the_same_to_the_byte_and_does_not_reach_aiohttp(lines: Lines) -> None:
    for more in ((), ("Accept: */*",), ("X-Forwarded-Proto: https", "X-Forwarded-For: ::1")):
        one, other = await both(lines, lines.request(PANEL, None, *more))
        assert one == other
        assert one.startswith(b"HTTP/1.1 200 OK\r\n")
        assert lines.seen == []


async def test_a_message_is_the_same_to_the_byte_and_is_kept_once(lines: Lines) -> None:
    one, other = await both(lines, lines.message("Grüße 👍\n"))
    assert one == other
    assert one.startswith(b"HTTP/1.1 201 Created\r\n")
    assert lines.seen == []
    assert await lines.texts() == ["Grüße 👍\n"] * 2


async def test_a_message_of_the_new_api_is_the_same_but_for_number_and_time(lines: Lines) -> None:
    wish = {"text": "Grüße", "priority": "urgent", "show_for": 60}
    data = lines.request("POST /api/v1/messages", json.dumps(wish).encode())
    one, other = (re.sub(rb"T[\d:.]+Z", b"T-", answer) for answer in await both(lines, data))
    assert one == re.sub(rb"(messages/|\"id\": )2", rb"\g<1>1", other)
    assert one.startswith(b"HTTP/1.1 201 Created\r\nLocation: /api/v1/messages/1\r\n")
    assert lines.seen == []


async def test_a_message_with_a_key_goes_to_aiohttp_and_is_kept_once(lines: Lines) -> None:
    body = b'{"text": "once"}'
    data = lines.request("POST /api/v1/messages", body, "Idempotency-Key: k")
    one, other = await both(lines, data)
    assert lines.seen == [data]
    assert (b"Idempotency-Replayed" in one, b"Idempotency-Replayed" in other) == (False, True)
    assert await lines.texts() == ["once"]


async def test_what_is_wrong_is_refused_in_the_same_words(lines: Lines) -> None:
    wrong = [
        lines.request(PANEL, token="a.b.c"),
        lines.message("x", token="a.b.c"),
        lines.message("x" * 2001),
        lines.message(" "),
        lines.message(7),
        lines.request("POST /messages", b"{"),
        lines.request("POST /api/v1/messages", b"{"),
        lines.request("POST /api/v1/messages", b'{"text": "x", "show_for": 0}'),
        lines.request("POST /api/v1/messages", b'{"message": "x"}'),
        lines.request("GET /nowhere"),
        lines.request("DELETE /messages"),
        lines.request("GET /api/v1/panel?x=1"),
    ]
    for data in wrong:
        one, other = await both(lines, data)
        assert one == other
        assert lines.seen == [data]


async def test_a_token_that_may_only_read_cannot_post(lines: Lines) -> None:
    issued = await lines.site.system.accounts.create("reader", Scope.READ, None)
    one, other = await both(lines, lines.message("x", token=issued.token))
    assert one == other
    assert b" 201 " not in one
    one, other = await both(lines, lines.request(PANEL, token=issued.token))
    assert one == other
    assert one.startswith(b"HTTP/1.1 200 OK")


async def test_a_token_that_is_revoked_is_refused_from_the_next_request_on(lines: Lines) -> None:
    issued = await lines.site.system.accounts.create("short-lived", Scope.ADMIN, None)
    line = await lines.express()
    data = lines.request(PANEL, token=issued.token)
    for _ in range(2):
        assert (await line.ask(data)).startswith(b"HTTP/1.1 200 OK")
    await lines.site.system.accounts.revoke(issued.record.id)
    assert (await line.ask(data)).startswith(b"HTTP/1.1 401 Unauthorized")


async def test_the_panel_is_told_as_it_is_now(
    lines: Lines, eventually: Callable[..., Awaitable[None]]
) -> None:
    line, display = await lines.express(), lines.site.system.display
    before = await line.ask(lines.request(PANEL))
    shown = display.last_refresh
    await line.ask(lines.message("Hello"))
    await eventually(lambda: display.last_refresh != shown and display.refreshing is None)
    one, other = await both(lines, lines.request(PANEL))
    assert one == other != before


async def test_requests_without_a_pause_are_answered_in_order(lines: Lines) -> None:
    line = await lines.express()
    for _ in range(5):
        for data, gap in (
            (lines.request("GET /healthz"), False),
            (lines.request(PANEL), True),
            (lines.message("one"), True),
            (lines.message("two"), True),
            (lines.request("GET /api/v1/messages?limit=1"), False),
            (lines.request(PANEL), False),
        ):
            line.writer.write(data)
            if gap:
                await asyncio.sleep(0)
        answers = [await line.answer() for _ in range(6)]
        bodies = [answer.partition(b"\r\n\r\n")[2] for answer in answers]
        assert b'"button"' in bodies[0]
        assert b'"refreshes"' in bodies[1]
        assert bodies[2:4] == [b'{"message": "one"}', b'{"message": "two"}']
        assert b'"text": "two"' in bodies[4]
        assert b'"refreshes"' in bodies[5]


async def test_what_comes_in_pieces_is_one_request(lines: Lines) -> None:
    line = await lines.express()
    data = lines.message("in pieces")
    for index in range(len(data)):
        line.writer.write(data[index : index + 1])
        await asyncio.sleep(0)
    assert (await line.answer()).startswith(b"HTTP/1.1 201")
    assert await lines.texts() == ["in pieces"]


async def test_a_request_in_the_body_of_another_is_not_a_request(lines: Lines) -> None:
    line = await lines.express()
    await line.ask(lines.request(PANEL))
    hidden = lines.message("smuggled")
    padded = json.dumps({"message": "outer", "x": "y"}).encode().ljust(300) + b" " * len(hidden)
    head = lines.request("POST /messages", padded)[: -len(padded)]
    line.writer.write(head + padded[:300])
    await asyncio.sleep(0.05)
    line.writer.write(hidden)
    answer = await line.answer()
    assert answer.startswith(b"HTTP/1.1 400")
    assert await lines.texts() == []


async def test_a_disk_that_is_full_is_said_as_ever(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise StorageFullError("there is no room for another message")

    monkeypatch.setattr(type(lines.site.system.store), "add", refuse)
    one, other = await both(lines, lines.message("x"))
    assert one == other
    assert one.startswith(b"HTTP/1.1 507")


async def test_a_bug_is_answered_too(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stumble(*_: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr(type(lines.site.system.store), "add", stumble)
    one, other = await both(lines, lines.message("x"))
    assert one == other
    assert one.startswith(b"HTTP/1.1 500")


async def test_a_client_that_goes_away_breaks_nothing(lines: Lines) -> None:
    line = await lines.express()
    await line.ask(lines.request(PANEL))
    with lines.site.system.hub.listen(kinds=(MessageChanged,)) as changes:
        line.writer.write(lines.message("last words"))
        line.writer.close()
        async with asyncio.timeout(PATIENCE):
            changed = await anext(changes)
    assert changed.message.text == "last words"
    other = await lines.express()
    assert (await other.ask(lines.request(PANEL))).startswith(b"HTTP/1.1 200 OK")
