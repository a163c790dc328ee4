"""What surrounds every handler."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import make_mocked_request

from inkstand import bootstrap
from inkstand.api.app import make_app
from inkstand.api.server import answer_headers, serving, translate_errors
from inkstand.errors import StorageFullError
from inkstand.messages.controller import Controller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from inkstand.messages import Draft
    from inkstand.messages.store import Added

Site = Any
# Method, path, and what is answered without a token.
ANSWERS = [
    ("GET", "/", 401),
    ("GET", "/assets/style.css", 200),
    ("GET", "/favicon.ico", 200),
    ("GET", "/assets/nothing", 404),
    ("GET", "/nothing", 404),
    ("PUT", "/messages", 405),
    ("POST", "/messages", 401),
    ("POST", "/login", 400),
    ("GET", "/healthz", 200),
    ("GET", "/api/v1/panel", 401),
    ("GET", "/api/v1/panel.png", 401),
    ("GET", "/api/v1/events", 401),
    ("GET", "/api/v1/tokens", 401),
    ("POST", "/api/v1/session", 415),
    ("DELETE", "/api/v1/session", 401),
    ("GET", "/api/v1/nothing", 404),
    ("HEAD", "/assets/style.css", 200),
    ("OPTIONS", "/api/v1/panel", 405),
    ("PROPFIND", "/", 405),
]
NO_HTTP = [
    b"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\xff\r\n\r\n",
    b"NONSENSE\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"x" * 9000 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: a\x00b\r\n\r\n",
]


def assert_guarded(headers: Any) -> None:
    for name, value in answer_headers().items():
        if name != "Cache-Control":
            assert headers.getall(name) == [value]
    assert headers["Cache-Control"] in ("no-store", "no-cache")


@pytest.mark.integration
@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_every_answer_has_the_security_headers_once(
    site: Site, method: str, path: str, status: int
) -> None:
    answer = await site.client.request(method, path)
    assert answer.status == status
    assert_guarded(answer.headers)


@pytest.mark.integration
async def test_so_have_answers_to_who_is_logged_in(site: Site, password: str) -> None:
    allowed = {"Authorization": site.token}
    answers = [
        await site.client.get("/", headers=allowed),
        await site.client.get("/api/v1/tokens", headers=allowed),
        await site.client.delete("/api/v1/tokens/none", headers=allowed),
        await site.client.get("/api/v1/events", headers=allowed),
        await site.client.post("/login", json={"username": "john", "password": password}),
        await site.client.post("/messages", data=b"a" * 1_000_000, headers=allowed),
    ]
    assert [answer.status for answer in answers] == [200, 200, 404, 200, 200, 413]
    for answer in answers:
        assert_guarded(answer.headers)
        answer.close()


@pytest.mark.unit
def test_the_policy_allows_no_inline_script_and_no_other_site() -> None:
    policy = answer_headers()["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert (rules["script-src"], rules["style-src"]) == ("'self'", "'self'")
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "http" not in policy


@pytest.fixture
async def port(make_settings: Callable[..., Any]) -> AsyncIterator[int]:
    """Where an appliance listens that runs as `serve` runs it."""
    system = bootstrap.build(make_settings(panel="memory", button="memory"))
    listener = bootstrap.listen("127.0.0.1", 0)
    stop, ready = asyncio.Event(), asyncio.Event()
    app = make_app(system.services)
    task = asyncio.create_task(bootstrap.run(system, app, listener, stop, ready.set))
    await ready.wait()
    yield listener.getsockname()[1]
    stop.set()
    await task


async def send(port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.integration
@pytest.mark.parametrize("data", NO_HTTP, ids=range(len(NO_HTTP)))
async def test_what_is_no_http_is_refused_with_the_headers_too(port: int, data: bytes) -> None:
    head, _, body = (await send(port, data)).decode().partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    assert status.endswith(" 400 Bad Request")
    assert body == '{"error": "Bad Request"}'
    for name, value in answer_headers().items():
        assert lines.count(f"{name}: {value}") == 1
    assert "aiohttp" not in head


@pytest.mark.integration
async def test_a_target_that_breaks_the_parser_ends_the_connection_and_nothing_else(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert await send(port, b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n") == b""
    assert not caplog.records
    assert b" 401 " in await send(port, b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")


@pytest.mark.integration
async def test_a_message_whose_sender_gives_up_is_kept_once(
    port: int,
    password: str,
    eventually: Callable[..., Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sender ends while the message is being kept and earlier bytes are still on their way."""
    transports: list[Any] = []
    gave_up = asyncio.Event()
    connection_made, submit = web.RequestHandler.connection_made, Controller.submit

    def note(self: web.RequestHandler, transport: Any) -> None:
        transports.append(transport)
        connection_made(self, transport)

    async def give_up(self: Controller, draft: Draft) -> Added:
        added = await submit(self, draft)
        if not transports[-1].is_closing():
            transports[-1].write(bytes(20_000_000))
            writer.write_eof()
        await eventually(transports[-1].is_closing)
        gave_up.set()
        return added

    credentials = {"username": "owner", "password": password}
    async with ClientSession(f"http://127.0.0.1:{port}/api/v1/") as client:
        token = (await (await client.post("session", json=credentials)).json())["token"]
        head = f"HTTP/1.1\r\nHost: a\r\nAuthorization: {token}\r\n"
        monkeypatch.setattr(web.RequestHandler, "connection_made", note)
        monkeypatch.setattr(Controller, "submit", give_up)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /healthz {head}\r\n".encode())
        await reader.readuntil(b"}")
        post = f"POST /messages {head}Content-Type: application/json\r\nContent-Length: 16"
        writer.write(f'{post}\r\n\r\n{{"message": "x"}}'.encode())
        await gave_up.wait()
        await reader.read()
        writer.close()
        async with client.get("messages", headers={"Authorization": token}) as answer:
            assert [one["text"] for one in (await answer.json())["messages"]] == ["x"]


@pytest.mark.integration
@pytest.mark.parametrize("how", [b"Content-Length: 100000000", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"DELETE"])
async def test_a_large_body_that_nobody_asked_for_is_not_read(
    port: int, method: bytes, how: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(method + b" /api/v1/panel HTTP/1.1\r\nHost: a\r\n" + how + b"\r\n\r\n")
    sent = 0
    async with asyncio.timeout(60):
        status = await reader.readline()
        # The connection is closed; what is sent now is lost.
        with contextlib.suppress(ConnectionError):
            while sent < 100_000_000:
                writer.write(b"fffff\r\n" + bytes(0xFFFFF) + b"\r\n")
                await writer.drain()
                sent += 0xFFFFF
    writer.close()
    assert status.startswith(b"HTTP/1.1 413 ")
    assert sent < 20_000_000


@pytest.mark.integration
async def test_a_small_body_that_means_nothing_does_no_harm(port: int) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"
    assert (await send(port, head + b"{}")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.unit
@pytest.mark.parametrize(
    "error", [ConnectionResetError("Connection lost"), web.RequestPayloadError()]
)
async def test_a_body_that_never_came_is_no_bug(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def read(_request: web.Request) -> web.Response:
        raise error

    answer = await translate_errors(make_mocked_request("POST", "/login"), read)
    assert answer.status == 400
    assert not caplog.records


@pytest.mark.unit
@pytest.mark.parametrize(
    ("error", "status", "sentence", "logged"),
    [
        (ArithmeticError("a secret"), 500, "Internal Server Error", 1),
        (StorageFullError("There is no room"), 507, "There is no room", 0),
    ],
)
async def test_a_bug_is_told_to_the_log_alone_and_a_full_disk_to_the_client(
    error: Exception, status: int, sentence: str, logged: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_request: web.Request) -> web.Response:
        raise error

    answer = await translate_errors(make_mocked_request("POST", "/messages"), fail)
    assert isinstance(answer, web.Response)
    assert (answer.status, answer.text) == (status, f'{{"error": "{sentence}"}}')
    assert len(caplog.records) == logged


@pytest.mark.unit
async def test_a_redirection_is_no_error() -> None:
    async def redirect(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/")

    with pytest.raises(web.HTTPFound):
        await translate_errors(make_mocked_request("GET", "/old"), redirect)


@pytest.mark.integration
@pytest.mark.parametrize("turns", range(2, 8))
async def test_who_was_let_in_before_the_end_is_answered(turns: int) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with contextlib.ExitStack() as clients:
        async with serving(web.Application(), listener, 5):
            visitors = [
                clients.enter_context(socket.create_connection(listener.getsockname()))
                for _ in range(3)
            ]
            for visitor in visitors:
                visitor.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            # In the second turn of the loop they are let in.
            for _ in range(turns):
                await asyncio.sleep(0)
        # Nobody is left with a connection that will never be answered, nor ended.
        for visitor in visitors:
            visitor.settimeout(5)
            assert visitor.recv(12) == b"HTTP/1.1 404"
