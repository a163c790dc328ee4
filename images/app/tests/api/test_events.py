"""`/api/v1/events`, by both protocols."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from inkstand.accounts.model import Scope
from inkstand.api import broadcaster, events
from inkstand.events import ButtonChanged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

pytestmark = pytest.mark.integration
Api = Any
PATIENCE = 60.0


class Stream:
    """What comes by Server-Sent Events, as {"id", "type", "data"}."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def next(self, kind: str | None = None) -> dict[str, Any]:
        """Return the next event of that kind."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event = await self._next()
                if kind in (None, event["type"]):
                    return event

    def pause(self) -> None:
        """Read no more from the network."""
        self.answer.connection.transport.pause_reading()

    def resume(self) -> None:
        """Go on reading."""
        self.answer.connection.transport.resume_reading()

    async def ended(self) -> bool:
        """Read to the end and return True."""
        async with asyncio.timeout(PATIENCE):
            await self.answer.content.read()
        return True

    async def _next(self) -> dict[str, Any]:
        fields: dict[str, str] = {}
        while "data" not in fields:
            lines = [line async for line in self._block()]
            fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
        return {
            "id": fields.get("id"),
            "type": fields["event"],
            "data": json.loads(fields["data"]),
        }

    async def _block(self) -> AsyncIterator[str]:
        while line := (await self.answer.content.readline()).decode().removesuffix("\n"):
            yield line


class Socket:
    """The same by a WebSocket."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def next(self, kind: str | None = None) -> dict[str, Any]:
        """Return the next event of that kind."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event: dict[str, Any] = await self.socket.receive_json()
                if kind in (None, event["type"]):
                    return event

    def pause(self) -> None:
        """Read no more from the network."""
        self.socket._response.connection.transport.pause_reading()

    def resume(self) -> None:
        """Go on reading."""
        self.socket._response.connection.transport.resume_reading()

    async def ended(self) -> bool:
        """Return whether it was closed."""
        async with asyncio.timeout(PATIENCE):
            async for _ in self.socket:
                pass
        return bool(self.socket.closed)


@pytest.fixture(params=["sse", "websocket"])
async def listen(
    api: Api, request: pytest.FixtureRequest
) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """Start to listen; what is returned has next() and ended()."""
    opened: list[Any] = []

    async def start(last_seen: str | None = None, **options: Any) -> Any:
        query = "" if last_seen is None else f"?last_event_id={last_seen}"
        if request.param == "websocket":
            opened.append(await api.connect(f"/events{query}", **options))
            return Socket(opened[-1])
        if last_seen is not None:
            options["headers"] = {"Last-Event-ID": last_seen}
        opened.append(await api.get("/events", **options))
        return Stream(opened[-1])

    yield start
    for one in opened:
        one.close() if request.param == "sse" else await one.close()


async def test_the_first_event_tells_how_everything_is(
    api: Api, listen: Callable[..., Awaitable[Any]]
) -> None:
    hello = await (await listen()).next()
    assert hello["type"] == "hello"
    data = hello["data"]
    assert data["panel"] == await (await api.get("/panel")).json()
    shown = {"screen": "clock", "name": None, "quiet_until": None}
    assert data["screen"] == {**shown, "message": None, "page": 1, "pages": 1}
    picture = Image.open(io.BytesIO(base64.b64decode(data["png"])))
    assert picture.tobytes() == api.site.panel.current().inverse()


async def test_a_message_is_followed_from_sending_to_reading(
    api: Api, listen: Callable[..., Awaitable[Any]]
) -> None:
    viewer = await listen()
    await viewer.next("hello")
    await api.post("/messages", json={"text": "Hello"})
    seen = (await viewer.next("message"))["data"]
    assert (seen["message"]["state"], seen["previous"]) == ("waiting", None)
    assert (await viewer.next("refreshing"))["data"]["refresh"] == "full"
    frame = (await viewer.next("frame"))["data"]
    assert (frame["width"], frame["height"], frame["refresh"]) == (264, 176, "full")
    picture = Image.open(io.BytesIO(base64.b64decode(frame["png"])))
    assert picture.tobytes() == api.site.panel.current().inverse()
    seen = (await viewer.next("message"))["data"]
    assert (seen["message"]["state"], seen["previous"]) == ("shown", "waiting")
    api.site.button.press()
    assert (await viewer.next("button"))["data"]["gesture"] == "short"
    seen = (await viewer.next("message"))["data"]
    assert (seen["message"]["state"], seen["previous"]) == ("read", "shown")


async def test_who_comes_back_gets_what_was_missed(
    api: Api, listen: Callable[..., Awaitable[Any]]
) -> None:
    hello = await (await listen()).next("hello")
    for text in ("one", "two"):
        await api.post("/messages", json={"text": text})
    viewer = await listen(hello["id"])
    first = await viewer.next()
    assert (first["type"], first["data"]["message"]["text"]) == ("message", "one")
    again = await listen(first["id"])
    second = await again.next("message")
    assert second == await viewer.next("message")


@pytest.mark.parametrize("last_seen", ["", "nonsense", "00000000-1", "{boot}-99", "{boot}-", "-1"])
async def test_who_cannot_go_on_there_begins_anew(
    listen: Callable[..., Awaitable[Any]], last_seen: str
) -> None:
    hello = await (await listen()).next()
    boot = hello["id"].partition("-")[0]
    viewer = await listen(last_seen.format(boot=boot))
    assert (await viewer.next())["type"] == "hello"


async def test_a_panel_that_fails_and_comes_back_is_told(
    api: Api, listen: Callable[..., Awaitable[Any]]
) -> None:
    viewer = await listen()
    await viewer.next("hello")
    api.site.panel.vanish()
    await api.post("/messages", json={"text": "Hello"})
    assert (await viewer.next("panel"))["data"]["reason"]
    api.site.panel.heal()
    api.site.system.display.look_again()
    assert (await viewer.next("panel"))["data"]["reason"] is None


async def test_streams_end_when_the_server_stops(
    api: Api, listen: Callable[..., Awaitable[Any]]
) -> None:
    viewer = await listen()
    await viewer.next("hello")
    async with asyncio.TaskGroup() as group:
        closing = group.create_task(api.site.client.server.close())
        assert await viewer.ended()
    assert closing.done()


async def test_a_viewer_that_left_is_forgotten(
    api: Api,
    listen: Callable[..., Awaitable[Any]],
    eventually: Callable[..., Awaitable[None]],
) -> None:
    viewers = api.site.system.broadcaster.viewers
    viewer = await listen()
    await viewer.next("hello")
    assert len(viewers) == 1
    if isinstance(viewer, Socket):
        await viewer.socket.close()
    else:
        viewer.answer.close()
        await api.post("/messages", json={"text": "Hello"})
    await eventually(lambda: not viewers)


async def test_the_stream_of_a_token_that_is_revoked_ends_and_others_go_on(
    api: Api, listen: Callable[..., Awaitable[Any]]
) -> None:
    body = {"name": "guest", "scope": "read", "expires_in_days": None}
    token = await (await api.post("/tokens", json=body)).json()
    stays = await listen()
    goes = await listen(headers={"Authorization": f"Bearer {token['token']}"})
    for viewer in (stays, goes):
        await viewer.next("hello")
    assert (await api.delete(f"/tokens/{token['id']}")).status == 204
    assert await goes.ended()
    await api.post("/messages", json={"text": "Hello"})
    assert (await stays.next("message"))["data"]["message"]["text"] == "Hello"


async def test_who_does_not_read_loses_the_oldest_is_told_and_keeps_nobody_waiting(
    api: Api,
    listen: Callable[..., Awaitable[Any]],
    eventually: Callable[..., Awaitable[None]],
) -> None:
    broadcaster, hub = api.site.system.broadcaster, api.site.system.hub
    slow, quick = await listen(), await listen()
    await slow.next("hello")
    await quick.next("hello")
    slow.pause()
    at, reason = datetime.now(UTC), "x" * 20_000
    # More than all buffers on the way hold, and than the ring.
    for number in range(1500):
        hub.publish(ButtonChanged(at, f"{number} {reason}"))
        event = await quick.next("line")
        assert event["data"]["reason"].startswith(f"{number} ")
    slow.resume()
    assert len(broadcaster.viewers) == 2
    numbers, lost = [-1], 0
    while numbers[-1] < 1499:
        event = await slow.next()
        if event["type"] == "lost":
            assert (event["id"], lost) == (None, 0)
            lost, oldest = event["data"]["count"], len(numbers)
        elif event["type"] == "line":
            numbers.append(int(event["data"]["reason"].split()[0]))
    # The clock goes on meanwhile, so that not all events are ours.
    assert lost > 500
    assert numbers[:oldest] == list(range(-1, oldest - 1))
    assert numbers[oldest:] == list(range(numbers[oldest], 1500))
    assert 1500 <= len(numbers) - 1 + lost < 1510


@pytest.mark.parametrize("headers", [{}, {"Connection": "Upgrade", "Upgrade": "websocket"}])
async def test_nobody_listens_without_a_token(api: Api, headers: dict[str, str]) -> None:
    answer = await api.site.client.get("/api/v1/events", headers=headers)
    assert (answer.status, answer.content_type) == (401, "application/problem+json")


async def test_a_request_to_upgrade_that_is_incomplete_is_400(api: Api) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
    answer = await api.get("/events", headers=headers)
    assert (answer.status, answer.content_type) == (400, "application/problem+json")


async def test_a_stream_on_which_nothing_happens_is_kept_alive(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "PING_SECONDS", 0.05)
    answer = await api.get("/events")
    assert (answer.content_type, answer.headers["X-Accel-Buffering"]) == ("text/event-stream", "no")
    async with asyncio.timeout(PATIENCE):
        lines = [await answer.content.readline() for _ in range(2)]
        assert lines == [b"retry: 2000\n", b"\n"]
        while await answer.content.readline() != b": ping\n":
            pass
    answer.close()


async def test_nobody_takes_all_streams_and_who_comes_too_late_is_told(
    api: Api, monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., Awaitable[None]]
) -> None:
    monkeypatch.setattr(broadcaster, "MAX_STREAMS", 5)
    monkeypatch.setattr(broadcaster, "MAX_STREAMS_OF_A_TOKEN", 3)
    accounts = api.site.system.accounts
    tokens = [(await accounts.create(name, Scope.READ, None)).token for name in ("a", "b")]
    url = "/api/v1/events"

    async def watch(token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return await api.site.client.get(url, headers=headers)

    opened = [await watch(tokens[0]) for _ in range(3)]
    refused = await watch(tokens[0])
    assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
    problem = await refused.json()
    assert problem["code"] == "too-many-streams"
    assert problem["detail"].startswith("There are 3 event streams open with this token, ")
    opened += [await watch(tokens[1]) for _ in range(2)]
    refused = await watch(tokens[1])
    assert (await refused.json())["detail"].startswith("There are 5 event streams open, ")
    opened[0].close()
    await eventually(lambda: len(api.site.system.broadcaster.viewers) < 5)
    opened.append(await watch(tokens[1]))
    assert [answer.status for answer in opened] == [200] * 6
    for answer in opened:
        answer.close()


def test_the_limits_are_those_of_the_readme() -> None:
    assert (broadcaster.MAX_STREAMS, broadcaster.MAX_STREAMS_OF_A_TOKEN) == (64, 32)
