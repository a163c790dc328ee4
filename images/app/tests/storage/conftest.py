"""Drafts, and a store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.messages import Draft
from inkstand.messages.store import MessageStore

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


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Any]:
    """An open store."""
    async with MessageStore(tmp_path / "state") as made:
        yield made
