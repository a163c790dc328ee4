"""The receiver in docs/webhooks.md takes what we send, and nothing else."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from images.app.tests.webhooks.receiver import SECRET
from inkstand.webhooks import payloads, targets

if TYPE_CHECKING:
    from datetime import datetime

pytestmark = pytest.mark.integration
PAGE = Path(__file__).parents[4] / "docs" / "webhooks.md"


@pytest.fixture
def documented(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the page's program defines."""
    monkeypatch.setenv("SECRET", SECRET)
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    found: dict[str, Any] = {}
    exec(compile(program, str(PAGE), "exec"), found)
    return found


async def test_it_takes_what_is_signed_now_and_nothing_else(
    documented: dict[str, Any], capsys: pytest.CaptureFixture[str], clock: Any
) -> None:
    now: datetime = clock.now()
    documented["time"] = type("", (), {"time": staticmethod(now.timestamp)})
    table = {"url": "https://home.example/", "secret": SECRET}
    secret = targets.read("home", table, "").secret
    told = payloads.make("msg_1", "read", now, {"id": 7, "text": "Grüße"})
    good = payloads.headers(secret, told, now)
    older = payloads.headers(secret, told, now.replace(hour=8))
    async with TestClient(TestServer(documented["app"])) as client:

        async def post(headers: dict[str, str], body: bytes = told.body) -> int:
            async with asyncio.timeout(60):
                return (await client.post("/inkstand", data=body, headers=headers)).status

        assert await post(good) == 200
        assert await post(good, told.body.replace(b"7", b"8")) == 401
        assert await post({**good, "webhook-id": "msg_2"}) == 401
        assert await post(older) == 401
    assert "msg_1 {'type': 'read'" in capsys.readouterr().out


def test_the_page_names_each_event() -> None:
    said = re.findall(r"^\| (`.*?) \|", PAGE.read_text(), re.MULTILINE)
    named = [name for each in said for name in re.findall(r"`(\w+)`", each)]
    assert named == ["type", *targets.EventKind, targets.TEST]
