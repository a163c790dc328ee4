"""The API in this process: a real server on loopback, panel and button in memory."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from inkstand import bootstrap
from inkstand.api.app import make_app
from inkstand.auth.attempts import Attempts
from inkstand.button import MemoryButton
from inkstand.panel.memory import MemoryPanel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from inkstand.config import Settings


@dataclass
class Site:
    """An appliance that runs, and a client of it."""

    client: TestClient[Any, Any]
    system: bootstrap.System
    panel: MemoryPanel
    button: MemoryButton

    @property
    def token(self) -> str:
        """A token that is good."""
        return self.system.accounts._tokens.issue()

    async def post(self, text: object, **options: Any) -> Any:
        """Post a message with a good token."""
        headers = {"Authorization": self.token}
        return await self.client.post(
            "/messages", json={"message": text}, headers=headers, **options
        )


@pytest.fixture
async def site(
    make_settings: Callable[..., Settings], eventually: Callable[..., Awaitable[None]]
) -> AsyncIterator[Site]:
    """An appliance that shows the clock, in Stockholm, under the title LegoMac."""
    settings = make_settings(panel="memory", button="memory", app_title="LegoMac", username="john")
    system = bootstrap.build(settings)
    assert isinstance(system.panel, MemoryPanel)
    assert isinstance(system.button, MemoryButton)
    jobs = [system.display.run(), system.appliance.run(), system.button.run()]
    tasks = [asyncio.create_task(job) for job in jobs]
    async with TestClient(TestServer(make_app(system.services))) as client:
        await eventually(lambda: system.display.refreshes["full"])
        yield Site(client, system, system.panel, system.button)
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def patient(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The same, but wrong passwords are not counted."""
    monkeypatch.setattr(Attempts, "failed", lambda *_: None)
    return site
