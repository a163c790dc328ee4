"""A store of messages that can be full, and waited for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.errors import StorageFullError
from inkstand.messages.store import MessageStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from inkstand.messages import State


class TestedStore(MessageStore):
    """Refuses changes when it is told that it is full."""

    __test__ = False
    full = False

    async def change(self, *changes: Any) -> Any:
        if self.full:
            raise StorageFullError("There is no room")
        return await super().change(*changes)

    async def until(self, number: int, state: State) -> None:
        """Return when the message is in that state."""
        async with asyncio.timeout(60):
            while (await self.get(number)).state is not state:  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.005)

    async def count(self) -> int:
        """Return how many messages there are."""
        return sum((await self.counts()).values())


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[TestedStore]:
    """An open store."""
    async with TestedStore(tmp_path / "state") as made:
        yield made
