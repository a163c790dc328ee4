"""Tokens: JSON Web Tokens, HS256, with a subject and an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt

from inkstand.errors import InvalidTokenError

_ALGORITHM = "HS256"
# A Pi without a clock battery may wake up in the past: `iat` is informative, `exp` decides.
_OPTIONS = {"require": ["sub", "exp"], "verify_iat": False}


class Tokens:
    """Issues tokens for one user and verifies them.

    `secret` has 32 bytes or more; `lifetime` is how long a token is good.
    """

    def __init__(self, secret: str, username: str, lifetime: timedelta) -> None:
        self._secret = secret
        self._username = username
        self._lifetime = lifetime

    def issue(self, now: datetime | None = None) -> str:
        """Return a new token that is good from `now` (aware; None: this moment) on."""
        issued = now or datetime.now(UTC)
        claims = {"sub": self._username, "iat": issued, "exp": issued + self._lifetime}
        return jwt.encode(claims, self._secret, _ALGORITHM)

    def verify(self, token: str) -> str:
        """Return the name of the user whose token this is.

        Raises:
            InvalidTokenError: it is forged, damaged, expired, or somebody's who is unknown.
        """
        try:
            claims = jwt.decode(token, self._secret, [_ALGORITHM], options=_OPTIONS)
        except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
            raise InvalidTokenError("the token is invalid") from error
        if claims["sub"] != self._username:
            raise InvalidTokenError("the token is for another user")
        return self._username
