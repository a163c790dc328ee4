"""How people recognise the certificate authority, asked of a real HTTP server."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from inkstand.clock import ManualClock
from inkstand.fingerprint import fingerprint_of
from inkstand.status.authority import Authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

pytestmark = pytest.mark.integration


@dataclass
class Edge:
    """Stands in for the proxy: status and body of its answers, and what it was asked."""

    answer: tuple[int, str]
    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.Response(status=self.answer[0], text=self.answer[1])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("authority")
    options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=CA"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem")]
    subprocess.run(["openssl", "req", "-x509", *options, *files], check=True, capture_output=True)
    return folder / "ca.pem"


@pytest.fixture(scope="module")
def pem(certificate: Path) -> str:
    return certificate.read_text()


@pytest.fixture
async def edge(pem: str) -> AsyncIterator[Edge]:
    edge = Edge((200, pem))
    app = web.Application()
    app.router.add_get("/ca.pem", edge.handle)
    async with TestServer(app) as server:
        edge.url = str(server.make_url("/ca.pem"))
        yield edge


def test_the_fingerprint_is_what_openssl_says(certificate: Path) -> None:
    command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(certificate)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    shown = fingerprint_of(certificate.read_text())
    assert shown.replace(" ", ":") == said.strip().partition("=")[2]
    assert [len(group) for group in shown.split()] == [11] * 8


@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----"])
def test_what_is_no_certificate_has_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        fingerprint_of(text)


async def test_it_is_asked_again_after_hours(
    edge: Edge, pem: str, eventually: Callable[..., Awaitable[None]]
) -> None:
    clock = ManualClock(datetime.now(UTC))
    authority = Authority(edge.url, clock)
    unknown = authority.fingerprint
    assert unknown is None
    task = asyncio.create_task(authority.run())
    await clock.wait_for_sleeper()
    assert authority.fingerprint == fingerprint_of(pem)
    clock.advance(timedelta(hours=6))
    await eventually(lambda: len(edge.asked) == 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("answer", [(308, ""), (404, "nothing here")])
async def test_who_hands_out_none_has_none(edge: Edge, answer: tuple[int, str]) -> None:
    edge.answer = answer
    authority = Authority(edge.url, ManualClock(datetime.now(UTC)))
    assert await authority._ask() > timedelta(hours=1)
    assert authority.fingerprint is None


async def test_who_does_not_answer_is_asked_again_soon_and_then_less_often() -> None:
    authority = Authority("http://127.0.0.1:1/ca.pem", ManualClock(datetime.now(UTC)))
    waits = [await authority._ask() for _ in range(40)]
    assert waits[0] < timedelta(seconds=15)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(minutes=5)


async def test_nobody_is_asked_where_there_is_none() -> None:
    authority = Authority("", ManualClock(datetime.now(UTC)))
    task: asyncio.Task[Any] = asyncio.create_task(authority.run())
    await asyncio.sleep(0)
    task.cancel()
    assert authority.fingerprint is None
