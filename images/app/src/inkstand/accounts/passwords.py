"""argon2id, off the event loop, one at a time.

The parameters are OWASP's smallest argon2id profile: 19 MiB, two passes, one lane. What they cost
on small boards, and why not more, is in docs/adr/0008-accounts-and-tokens.md.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING

import argon2

from inkstand.errors import TooManyAttemptsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_MOST_WAITING = 8


def make_hash(password: str, like: str | None = None) -> str:
    """Return the argon2id hash of `password` in the PHC string format, with a new salt.

    It takes as long to verify as the hash `like`, where there is one.
    """
    return (_HASHER if like is None else _hasher_of(like)).hash(_encode(password))


def _hasher_of(password_hash: str) -> argon2.PasswordHasher:
    of = argon2.extract_parameters(password_hash)
    return argon2.PasswordHasher(of.time_cost, of.memory_cost, of.parallelism)


def verify_hash(password_hash: str, password: str) -> bool:
    """Tell whether `password` is the one; takes as long as the hash was made to take."""
    try:
        return _HASHER.verify(password_hash, _encode(password))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHash):
        # Of a hash in a damaged file no password is the one.
        return False


class PasswordVerifier:
    """Verifies passwords in a worker thread, in turn: each takes a core and 19 MiB."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting: Counter[str] = Counter()

    @contextlib.asynccontextmanager
    async def turn(self, whose: str = "") -> AsyncIterator[None]:
        """Enter the block when nobody else is in one.

        `whose` is somebody's whose device is known: each of them has a queue with its own limit,
        which strangers ("") cannot fill, nor other people.

        Raises:
            TooManyAttemptsError: too many others are waiting.
        """
        if self._waiting[whose] >= _MOST_WAITING:
            raise TooManyAttemptsError(retry_after=1)
        self._waiting[whose] += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= Counter([whose])  # which forgets a queue that is empty

    async def verify(self, password_hash: str, password: str) -> bool:
        """Tell whether `password` is the one; to be called when it is one's turn."""
        return await asyncio.to_thread(verify_hash, password_hash, password)

    async def make(self, password: str, like: str) -> str:
        """Return what make_hash() does; to be called when it is one's turn."""
        return await asyncio.to_thread(make_hash, password, like)


def _encode(password: str) -> bytes:
    # JSON may hold lone surrogates, which plain UTF-8 has no bytes for.
    return password.encode("utf-8", "surrogatepass")
