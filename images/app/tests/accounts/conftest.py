"""Accounts in a directory of their own, at a time that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.accounts import table
from inkstand.accounts.accounts import Accounts
from inkstand.accounts.attempts import Attempts
from inkstand.accounts.authenticator import Authenticator
from inkstand.accounts.guests import Guests
from inkstand.accounts.invitations import Invitations
from inkstand.accounts.keys import parse_keys
from inkstand.accounts.model import Kind, Scope, TokenRecord
from inkstand.accounts.passwords import PasswordVerifier
from inkstand.accounts.people import People
from inkstand.accounts.registry import TokenRegistry
from inkstand.accounts.tokens import Signer
from inkstand.errors import StorageFullError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

NOW = 1_800_000_000.0
HOUR = timedelta(hours=1)
SECRET = "0123456789abcdef" * 2


class CountingVerifier(PasswordVerifier):
    """Counts how often it was asked."""

    asked = 0

    async def verify(self, password_hash: str, password: str) -> bool:
        self.asked += 1
        return await super().verify(password_hash, password)


class TestedRegistry(TokenRegistry):
    """Is full when it is told so, and counts what is written."""

    __test__ = False
    full = False
    writes = 0
    uses = 0

    def _commit(self, *arguments: Any, **options: Any) -> None:
        if self.full:
            raise StorageFullError("There is no room to keep accounts")
        self.writes += 1
        super()._commit(*arguments, **options)

    def _commit_use(self, *arguments: Any, **options: Any) -> None:
        self.uses += 1
        super()._commit_use(*arguments, **options)

    async def kept(self) -> dict[str, TokenRecord]:
        """Return what is in the database, once all before is written."""
        return {record.id: record for record in await self.database.run(table.load)}


@dataclass
class Office:
    """Accounts and what they are made of; `open` makes them again, as a restart would."""

    password_hash: str
    directory: Path
    username: str = "jürgen"
    secrets: str = SECRET
    now: float = NOW
    seconds: float = 1000.0
    right: bool = True
    asked: int = 0
    revoked: list[str] = field(default_factory=list)
    verifier: Any = None
    attempts: Any = None
    registry: Any = None
    accounts: Any = None

    async def open(self, *, full: bool = False) -> None:
        """Start with what is in the directory."""
        self.verifier = CountingVerifier()
        self.attempts = Attempts(self.username, lambda: self.seconds)
        self.registry = TestedRegistry(self.directory, self.revoked.append, self.username)
        self.registry.full = full
        database = self.registry.database
        people = People(self.username, self.password_hash, database, self.attempts)
        self.accounts = Accounts(
            people,
            Invitations(people, self.verifier, self.attempts, database, lambda: self.now),
            Authenticator(people, self.verifier, self.attempts),
            Signer(parse_keys(self.secrets)),
            self.registry,
            guests=Guests(people, self.attempts, database, lambda: self.now),
            lifetime=HOUR,
            now=lambda: self.now,
            is_right=self.is_right,
        )
        await self.accounts.__aenter__()

    def is_right(self) -> bool:
        """Tell whether the time is right, and count who asks."""
        self.asked += 1
        return self.right

    async def close(self) -> None:
        """Stop."""
        await self.accounts.__aexit__(None, None, None)

    async def reopen(self, *, full: bool = False) -> None:
        """Stop, and start again."""
        await self.close()
        await self.open(full=full)


@pytest.fixture
async def office(password_hash: str, tmp_path: Path) -> AsyncIterator[Office]:
    """Open accounts of jürgen."""
    made = Office(password_hash, tmp_path)
    await made.open()
    yield made
    await made.close()


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
