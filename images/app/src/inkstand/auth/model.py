"""Who asks, and how far they may go."""

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


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the user, what the token allows and which one it is, and how it came."""

    user: str
    scope: Scope
    token_id: str
    via: Literal["header", "cookie"]
