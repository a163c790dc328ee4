"""Who asks, how far they may go, and what is kept about a token.

Times are whole seconds since 1970, UTC.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal


class Scope(enum.IntEnum):
    """How far a token goes; a larger one includes the smaller ones."""

    READ = 1
    POST = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """The scope as the API spells it: `read`, `post` or `admin`."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Scope:
        """Return the scope that the API spells `word`.

        Raises:
            ValueError: there is none.
        """
        found = next((scope for scope in cls if scope.word == word), None)
        if found is None:
            raise ValueError(f"a scope is one of {', '.join(scope.word for scope in cls)}")
        return found


class Kind(enum.StrEnum):
    """Where a token comes from: somebody logged in, or made it and gave it a name."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - a word, not a secret


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the user, what the token allows and which one it is, and how it came."""

    user: str
    scope: Scope
    token_id: str
    via: Literal["header", "cookie"]

    @property
    def sender(self) -> str:
        """Whose room messages take: that of the token, or "" for all that the owner does."""
        return "" if self.scope is Scope.ADMIN else self.token_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """What is kept about a token, which is not the token itself.

    `name` of a session is the program that logged in. `expires` None: never. `credential` tells
    with which password a session was opened, so that a new one ends it.
    """

    id: str
    kind: Kind
    user: str
    name: str
    scope: Scope
    created: int
    expires: int | None
    used: int | None = None
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token, the only time that it is seen, and what is kept about it."""

    token: str
    record: TokenRecord


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who wants to log in: the address, the program, and the device if it is a known one."""

    address: str
    agent: str = ""
    device: str | None = None
