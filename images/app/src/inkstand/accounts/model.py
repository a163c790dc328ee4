"""Who asks, how far they may go, and what is kept about a token.

Times are whole seconds since 1970, UTC.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date

# The appliance is on the internet, where passwords are tried day and night.
MIN_PASSWORD = 12


class Scope(enum.IntEnum):
    """How far a token goes; a larger one includes the smaller ones."""

    METRICS = 1
    READ = 2
    POST = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """The scope as the API spells it: `metrics`, `read`, `post` or `admin`."""
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


class Role(enum.StrEnum):
    """What somebody may do; there is one owner, whom nobody can remove."""

    VIEWER = "viewer"
    SENDER = "sender"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def scope(self) -> Scope:
        """How far the tokens go at most of who has this role."""
        return Scope[_SCOPES[self]]


_SCOPES = {Role.VIEWER: "READ", Role.SENDER: "POST", Role.ADMIN: "ADMIN", Role.OWNER: "ADMIN"}


class Kind(enum.StrEnum):
    """Where a token comes from: somebody logged in, or made it and gave it a name."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - a word, not a secret


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the user, what the token allows and which one it is, and how it came.

    `invited`: it is not the owner, or a token of the owner's.
    """

    user: str
    scope: Scope
    token_id: str
    via: Literal["header", "cookie"]
    invited: bool = False

    @property
    def sender(self) -> str:
        """Whose room messages take, see `holder`, or "" for who may do everything."""
        return "" if self.scope is Scope.ADMIN else self.holder

    @property
    def holder(self) -> str:
        """Who has limits of their own: each token of the owner's, else all of a person's."""
        return f"@{self.user}" if self.invited else self.token_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """What is kept about a token, which is not the token itself.

    `name` of a session is the program that logged in. `expires` None: never. `credential` is what
    Person.credential_of() was when it was made.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who may log in; `created` is 0 for the owner, whom the settings name."""

    name: str
    role: Role
    password_hash: str = field(repr=False)
    created: int = 0

    @property
    def credential(self) -> str:
        """A short name for the present password, which does not give it away."""
        return hashlib.sha256(self.password_hash.encode()).hexdigest()[:16]

    def credential_of(self, kind: Kind) -> str:
        """Return what a good token of theirs has as its credential, which ends it in time.

        That of a session ends it with the password, that of another token with the person.
        """
        if kind is Kind.SESSION:
            return self.credential
        return "" if self.role is Role.OWNER else f"@{self.created}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What is kept of a link that lets somebody in once; `name` "": they choose it themselves.

    `digest` is the SHA-256 of its secret, in hexadecimal, and `maker` who invites.
    """

    digest: str = field(repr=False)
    role: Role
    name: str
    expires: int
    maker: str

    @property
    def id(self) -> str:
        """By what it is revoked; the secret cannot be found from it."""
        return self.digest[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """What is kept of a link by which somebody may send `a_day` messages, until it `expires`.

    `digest` and `maker` are as in Invitation; `sent` counts those of the local `day` (ISO 8601).
    """

    digest: str = field(repr=False)
    name: str
    expires: int
    a_day: int
    maker: str
    day: str = ""
    sent: int = 0

    @property
    def id(self) -> str:
        """By what it is revoked; the secret cannot be found from it."""
        return self.digest[:16]

    def left(self, today: date) -> int:
        """Return how many may be sent today."""
        return self.a_day - (self.sent if self.day == today.isoformat() else 0)


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
