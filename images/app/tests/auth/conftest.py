"""Accounts on a store in memory, at a time that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.auth.accounts import Accounts, Owner
from inkstand.auth.attempts import Attempts
from inkstand.auth.door import Door
from inkstand.auth.keys import parse_keys
from inkstand.auth.ledger import Ledger
from inkstand.auth.model import Kind, Scope, TokenRecord
from inkstand.auth.passwords import PasswordVerifier
from inkstand.auth.sqlite import SqliteTokenStore
from inkstand.auth.store import MemoryTokenStore
from inkstand.auth.tokens import Signer
from inkstand.errors import StorageFullError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

NOW = 1_800_000_000.0
HOUR = timedelta(hours=1)
SECRET = "0123456789abcdef" * 2


class CountingVerifier(PasswordVerifier):
    """Counts how often it was asked."""

    asked = 0

    async def verify(self, password: str) -> bool:
        self.asked += 1
        return await super().verify(password)


class FullStore(MemoryTokenStore):
    """A store that is full when it is told so, and counts what is written."""

    full = False
    writes = 0

    async def write(self, saved: Iterable[TokenRecord], forgotten: Iterable[str]) -> None:
        if self.full:
            raise StorageFullError("There is no room to keep accounts")
        self.writes += 1
        await super().write(saved, forgotten)


@dataclass
class Office:
    """Accounts and what they are made of; `open` makes them again, as a restart would."""

    password_hash: str
    username: str = "jürgen"
    secrets: str = SECRET
    company: float = 0.0
    now: float = NOW
    seconds: float = 1000.0
    store: FullStore = field(default_factory=FullStore)
    revoked: list[str] = field(default_factory=list)
    verifier: Any = None
    attempts: Any = None
    ledger: Any = None
    accounts: Any = None

    async def open(self) -> None:
        """Start with what the store has."""
        self.verifier = CountingVerifier(self.password_hash)
        self.attempts = Attempts(self.username, lambda: self.seconds)
        self.ledger = Ledger(self.store, self.revoked.append, self.company)
        self.accounts = Accounts(
            Owner(self.username, self.password_hash, HOUR),
            Door(self.username, self.verifier, self.attempts),
            Signer(parse_keys(self.secrets)),
            self.ledger,
            lambda: self.now,
        )
        await self.accounts.__aenter__()

    async def close(self) -> None:
        """Stop."""
        await self.accounts.__aexit__(None, None, None)


@pytest.fixture
async def office(password_hash: str) -> Office:
    """Open accounts of jürgen."""
    made = Office(password_hash)
    await made.open()
    return made


@pytest.fixture
def record() -> Callable[..., TokenRecord]:
    """A record of a token; keywords change it."""

    def make(number: str = "0123", **changes: Any) -> TokenRecord:
        values = {
            "id": number,
            "kind": Kind.TOKEN,
            "user": "jürgen",
            "name": "kitchen",
            "scope": Scope.POST,
            "created": int(NOW),
            "expires": None,
            **changes,
        }
        return TokenRecord(**values)

    return make


@pytest.fixture(params=["memory", "sqlite"])
async def token_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    """Each kind of store, open."""
    made = MemoryTokenStore() if request.param == "memory" else SqliteTokenStore(tmp_path)
    async with made:
        yield made
