"""argon2id, off the event loop, one at a time.

The parameters are OWASP's smallest argon2id profile: 19 MiB, two passes, one lane. What they cost
on small boards, and why not more, is in docs/adr/0008-accounts-and-tokens.md.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import argon2

from inkstand.errors import TooManyAttemptsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_MOST_WAITING = 8


def make_hash(password: str) -> str:
    """Return the argon2id hash of `password` in the PHC string format, with a new salt."""
    return _HASHER.hash(_encode(password))


def verify_hash(password_hash: str, password: str) -> bool:
    """Tell whether `password` is the one; takes as long as the hash was made to take."""
    try:
        return _HASHER.verify(password_hash, _encode(password))
    except argon2.exceptions.VerificationError:
        return False


class PasswordVerifier:
    """Verifies passwords in a worker thread, in turn: each takes a core and 19 MiB."""

    def __init__(self, password_hash: str) -> None:
        self._password_hash = password_hash
        self._turn = asyncio.Lock()
        self._waiting = {True: 0, False: 0}

    @contextlib.asynccontextmanager
    async def turn(self, *, known: bool) -> AsyncIterator[None]:
        """Enter the block when nobody else is in one.

        Devices that are `known` wait in a queue with its own limit: strangers cannot fill it.

        Raises:
            TooManyAttemptsError: too many others are waiting.
        """
        if self._waiting[known] >= _MOST_WAITING:
            raise TooManyAttemptsError(retry_after=1)
        self._waiting[known] += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting[known] -= 1

    async def verify(self, password: str) -> bool:
        """Tell whether `password` is the one; to be called when it is one's turn."""
        return await asyncio.to_thread(verify_hash, self._password_hash, password)


def _encode(password: str) -> bytes:
    # JSON may hold lone surrogates, which plain UTF-8 has no bytes for.
    return password.encode("utf-8", "surrogatepass")
