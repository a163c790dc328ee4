"""Drafts, and stores of each kind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.messages import Draft
from inkstand.storage.memory import MemoryStore
from inkstand.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def draft() -> Callable[..., Draft]:
    """A draft by ada; keywords change it."""

    def make(text: str = "Hello", **changes: Any) -> Draft:
        return Draft(**{"author": "ada", "text": text, **changes})

    return make


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    """Each implementation, open."""
    made = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "state")
    async with made:
        yield made
