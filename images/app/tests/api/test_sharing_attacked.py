"""What strangers can do to the share target, which is for anybody."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.integration
Site = Any
# It begins a form, and never ends it.
SLOW = b"""\
POST /share HTTP/1.1\r
Host: mac.example.com\r
Sec-Fetch-Site: none\r
Content-Type: multipart/form-data; boundary=a\r
Content-Length: 1000000\r
\r
--a\r
Content-Disposition: form-data; name="text"\r
\r
Hello"""


async def test_strangers_who_never_end_keep_nobody_from_sending_pictures(
    site: Site, eventually: Callable[..., Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    whole = site.client.server.app.router
    (route,) = [it for it in whole.routes() if it.resource and it.resource.canonical == "/share"]
    share = route.handler

    async def counted(request: Any) -> Any:
        begun.append(request)
        return await share(request)

    monkeypatch.setattr(route, "_handler", counted)
    async with contextlib.AsyncExitStack() as ending:
        for _ in range(20):
            _, writer = await asyncio.open_connection(site.client.host, site.client.port)
            ending.callback(writer.close)
            writer.write(SLOW)
        await eventually(lambda: len(begun) == 20)
        assert site.system.preview_renderer.visitors == 0
