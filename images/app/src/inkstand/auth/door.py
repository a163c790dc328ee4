"""Who may come in: user name, password, and how often one may be wrong."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from inkstand.auth.attempts import buckets_of
from inkstand.errors import InvalidCredentialsError

if TYPE_CHECKING:
    from inkstand.auth.attempts import Attempts
    from inkstand.auth.model import Visitor
    from inkstand.auth.passwords import PasswordVerifier


class Door:
    """Lets in who knows the user name and the password."""

    def __init__(self, username: str, passwords: PasswordVerifier, attempts: Attempts) -> None:
        self._username = username
        self._passwords = passwords
        self._attempts = attempts

    @property
    def failures(self) -> int:
        """How often somebody was wrong since the start."""
        return self._attempts.failures

    async def admit(self, username: str, password: str, visitor: Visitor) -> None:
        """Do nothing if `visitor` may come in.

        Raises:
            InvalidCredentialsError: user name or password is wrong; which of them is not said.
            TooManyAttemptsError: the visitor, or somebody with that name, was wrong too often.
        """
        buckets = buckets_of(visitor, username)
        self._attempts.check(*buckets)
        async with self._passwords.turn(known=visitor.device is not None):
            # Again: those who came at the same time have had their turn.
            self._attempts.check(*buckets)
            # The password is verified for unknown users too: else the time would tell who exists.
            right = await self._passwords.verify(password)
            if not (right & _equal(username, self._username)):
                self._attempts.failed(*buckets)
                raise InvalidCredentialsError("user name or password is wrong")
        self._attempts.succeeded(*buckets)


def _equal(one: str, other: str) -> bool:
    encoded = (text.encode("utf-8", "surrogatepass") for text in (one, other))
    return hmac.compare_digest(*encoded)
