"""Servers on this machine, and a fetcher that asks them."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl
import subprocess
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from images.app.tests.fetching.servers import (
    HEADERS,
    MORNING,
    NAME,
    PATIENCE,
    SECRET,
    Certificate,
    Names,
    Server,
)
from inkstand.clock import ManualClock
from inkstand.errors import FetchError
from inkstand.fetching.fetcher import Fetched, Fetcher, FetchRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    key, pem = folder / "key.pem", folder / "certificate.pem"
    options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", *options, *names, "-keyout", str(key), "-out", str(pem)]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return Certificate(context, pem)


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    """Start servers on this machine, which answer with what they are given."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(
            *answers: Any, tls: ssl.SSLContext | None = None, at: str = "127.0.0.1"
        ) -> Server:
            server = Server(answers=list(answers), scheme="https" if tls else "http")
            listening = await asyncio.start_server(server.serve, at, 0, ssl=tls)
            stack.push_async_callback(server.close)
            stack.callback(listening.close)
            server.port = listening.sockets[0].getsockname()[1]
            return server

        yield start


@pytest.fixture
def names() -> Names:
    """All names lead to 127.0.0.1 until told otherwise."""
    return Names()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MORNING)


@pytest.fixture
def fetch(clock: ManualClock, names: Names) -> Callable[..., Awaitable[Fetched]]:
    """Fetch a URL with a secret header; keywords are of the request or of the fetcher."""

    async def once(
        url: str,
        known: Fetched | None = None,
        *,
        headers: dict[str, str] | None = None,
        max_bytes: int = 1000,
        private: bool = True,
        **changes: Any,
    ) -> Fetched:
        fetcher = Fetcher(clock, **{"resolve": names, **changes})
        request = FetchRequest(url, HEADERS if headers is None else headers, max_bytes, private)
        return await fetcher.fetch(request, known)

    return once


@pytest.fixture
def failure(fetch: Callable[..., Awaitable[Fetched]]) -> Callable[..., Awaitable[FetchError]]:
    """Fetch, and return the error, which tells no secret, neither to people nor to a log."""

    async def once(*arguments: Any, **keywords: Any) -> FetchError:
        with pytest.raises(FetchError) as caught:
            await fetch(*arguments, **keywords)
        assert SECRET not in "".join(traceback.format_exception_only(caught.value))
        assert SECRET not in _all_texts(caught.value)
        return caught.value

    return once


def _all_texts(error: BaseException | None) -> str:
    """Return what a log shows of an error and of those behind it."""
    if error is None:
        return ""
    hidden = error.__suppress_context__
    behind = error.__cause__ or (None if hidden else error.__context__)
    return f"{error} {error!r} {_all_texts(behind)}"
