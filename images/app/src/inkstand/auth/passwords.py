"""argon2id, off the event loop, one at a time."""

from __future__ import annotations

import asyncio

import argon2

from inkstand.errors import TooManyAttemptsError

# OWASP's smallest argon2id profile: 19 MiB and two passes; a Pi Zero has 512 MB for everything.
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_MOST_WAITING = 16


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
    """Verifies one password at a time in a worker thread: each takes a core and 19 MiB."""

    def __init__(self, password_hash: str) -> None:
        self._password_hash = password_hash
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def verify(self, password: str) -> bool:
        """Tell whether `password` is the one.

        Raises:
            TooManyAttemptsError: too many others are waiting for an answer.
        """
        if self._waiting >= _MOST_WAITING:
            raise TooManyAttemptsError(retry_after=1)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(verify_hash, self._password_hash, password)
        finally:
            self._waiting -= 1


def _encode(password: str) -> bytes:
    # JSON may hold lone surrogates, which plain UTF-8 has no bytes for.
    return password.encode("utf-8", "surrogatepass")
