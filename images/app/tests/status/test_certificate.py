"""When the certificate expires, asked of a real TLS server."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.clock import ManualClock
from inkstand.status.certificate import Certificate, expiry, fetch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

pytestmark = pytest.mark.integration
NAME = "mac.example.com"


@dataclass
class Server:
    """A TLS server on loopback, and the names that clients asked it for."""

    address: tuple[str, int]
    made_at: datetime
    asked: list[str | None] = field(default_factory=list)

    @property
    def expires_about(self) -> datetime:
        return self.made_at + timedelta(days=42)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made_at = datetime.now(UTC)
    options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "42"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    command = ["openssl", "req", "-x509", *options, *files, "-subj", f"/CN={NAME}"]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with await asyncio.start_server(_close, "127.0.0.1", 0, ssl=context) as listening:
        server = Server(listening.sockets[0].getsockname()[:2], made_at)
        context.sni_callback = lambda _, name, __: server.asked.append(name)
        yield server


async def _close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        await reader.read()
    writer.close()


async def test_a_certificate_that_nobody_trusts_tells_when_it_expires(server: Server) -> None:
    end = expiry(await fetch(server.address, NAME))
    assert abs(end - server.expires_about) < timedelta(minutes=1)
    assert server.asked == [NAME]


async def test_it_is_asked_again_after_hours_and_sooner_when_it_could_not_be_asked(
    server: Server, eventually: Callable[..., Awaitable[None]]
) -> None:
    clock = ManualClock(server.made_at)
    certificate = Certificate(server.address, None, clock)
    unknown = certificate.expires_at
    assert unknown is None
    assert await certificate._ask(("127.0.0.1", 1)) < timedelta(hours=1)
    task = asyncio.create_task(certificate.run())
    await eventually(lambda: len(server.asked) == 1)
    await clock.wait_for_sleeper()
    assert certificate.expires_at
    clock.advance(timedelta(hours=6))
    await eventually(lambda: len(server.asked) == 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_where_there_is_none_to_ask_nothing_is_known() -> None:
    certificate = Certificate(None, None, ManualClock(datetime.now(UTC)))
    task: asyncio.Task[Any] = asyncio.create_task(certificate.run())
    await asyncio.sleep(0)
    task.cancel()
    assert certificate.expires_at is None


@pytest.mark.parametrize("data", [b"", b"no certificate", b"\x30\x82\x01\x00"])
def test_what_is_no_certificate_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        expiry(data)
