"""Webhooks as their owner sees them, and what a SIGKILL leaves of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from images.app.tests.fetching.conftest import certificate  # noqa: F401 - a fixture
from images.app.tests.webhooks.receiver import SECRET, Receiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from images.app.tests.fetching.servers import Certificate

pytestmark = pytest.mark.integration
Api = Any
Served = Any


@pytest.fixture
async def receiver(
    certificate: Certificate,  # noqa: F811 - the fixture
) -> AsyncIterator[Receiver]:
    """One on this machine that takes everything."""
    made = Receiver()
    runner = await made.start(certificate.context)
    yield made
    await runner.cleanup()


@pytest.fixture
def start(
    served: Callable[..., Served],
    tmp_path: Path,
    receiver: Receiver,
    certificate: Certificate,  # noqa: F811 - the fixture
) -> Callable[[], Served]:
    """Start an app, always in the same directory, that tells the receiver all."""
    url, ca = f"https://127.0.0.1:{receiver.port}/hook?key=53cr3t", certificate.pem.read_text()
    table = {"name": "home", "url": url, "secret": SECRET, "private": True, "ca": ca}
    file = tmp_path / "webhooks"
    file.write_text(json.dumps([table]))

    def start() -> Served:
        app = served(tmp_path / "state", INKSTAND_WEBHOOKS_FILE=str(file))
        app.start()
        return app

    return start


async def until_told(client: Any, **wanted: object) -> dict[str, Any]:
    """Return what the API tells of the webhook, when it is so."""
    async with asyncio.timeout(60):
        while True:
            answer = await client.get("webhooks")
            (webhook,) = (await answer.json())["webhooks"]
            if wanted.items() <= webhook.items():
                return dict(webhook)
            await asyncio.sleep(0.05)


async def test_what_waits_survives_a_sigkill(
    start: Callable[[], Served], receiver: Receiver
) -> None:
    status = 503
    receiver.answer = lambda: status
    gestures = ["short", "long", "double"] * 7
    app = start()
    async with app.client() as client:
        for number, gesture in enumerate(gestures, 1):
            assert (await client.post("button", json={"gesture": gesture})).status == 204
            await until_told(client, waiting=number)
    app.end(signal.SIGKILL)
    status = 200
    app = start()
    await receiver.has_taken(len(gestures))
    async with app.client() as client:
        told = await until_told(client, waiting=0)
    assert [each["data"]["gesture"] for each in receiver.taken] == gestures
    assert len(set(receiver.asked)) == len(gestures)
    assert (told["state"], told["dropped"], len(told["deliveries"])) == ("ok", 0, 10)


async def test_a_test_is_sent_and_the_owner_sees_how_that_went(
    start: Callable[[], Served], receiver: Receiver
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(start().client())
        tried = await (await client.post("webhooks/home/test")).json()
        assert (tried["event"], tried["status"], tried["outcome"]) == ("test", 200, "delivered")
        receiver.answer = lambda: 500
        tried = await (await client.post("webhooks/home/test")).json()
        assert (tried["status"], tried["outcome"]) == (500, "given-up")
        answer = await client.get("webhooks")
        assert "53cr3t" not in await answer.text()
        (told,) = (await answer.json())["webhooks"]
        assert (told["host"], told["events"][0], told["waiting"]) == ("127.0.0.1", "shown", 0)
        assert [each["outcome"] for each in told["deliveries"]] == ["given-up", "delivered"]
        assert (await client.post("webhooks/garden/test")).status == 404
        status = await (await client.get("status")).json()
        assert status["webhooks"] == [{"name": "home", "state": "ok"}]
    assert receiver.taken[0]["data"] == {"target": "home"}


async def test_without_webhooks_there_are_none(api: Api) -> None:
    assert await (await api.get("/webhooks")).json() == {"webhooks": []}
    answer = await api.post("/webhooks/home/test")
    assert (answer.status, (await answer.json())["code"]) == (404, "webhook-not-found")
