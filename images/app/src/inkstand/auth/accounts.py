"""Logging in."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from inkstand.errors import InvalidCredentialsError

if TYPE_CHECKING:
    from inkstand.auth.attempts import Attempts
    from inkstand.auth.passwords import PasswordVerifier
    from inkstand.auth.tokens import Tokens


class Accounts:
    """The owner's account: user name and password in, token out; token in, user name out."""

    def __init__(
        self, username: str, passwords: PasswordVerifier, tokens: Tokens, attempts: Attempts
    ) -> None:
        self._username = username
        self._passwords = passwords
        self._tokens = tokens
        self._attempts = attempts

    async def log_in(self, username: str, password: str, address: str) -> str:
        """Return a new token for the owner.

        Raises:
            InvalidCredentialsError: user name or password is wrong.
            TooManyAttemptsError: `address` got it wrong too often.
        """
        self._attempts.check(address)
        # The password is verified for unknown users too: else the time would tell who exists.
        right = await self._passwords.verify(password)
        if not (right & _equal(username, self._username)):
            self._attempts.failed(address)
            raise InvalidCredentialsError("user name or password is wrong")
        self._attempts.succeeded(address)
        return self._tokens.issue()

    def user_of(self, token: str) -> str:
        """Return the name of the user whose token this is.

        Raises:
            InvalidTokenError: it is not a token of ours, or not any more.
        """
        return self._tokens.verify(token)


def _equal(one: str, other: str) -> bool:
    encoded = (text.encode("utf-8", "surrogatepass") for text in (one, other))
    return hmac.compare_digest(*encoded)
