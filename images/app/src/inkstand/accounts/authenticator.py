"""Who may come in: user name, password, and how often one may be wrong."""

from __future__ import annotations

import asyncio
import hmac
import logging
from typing import TYPE_CHECKING

from inkstand.accounts.attempts import buckets_of
from inkstand.accounts.login_code import LoginCode
from inkstand.errors import InvalidCredentialsError

if TYPE_CHECKING:
    from inkstand.accounts.attempts import Attempts
    from inkstand.accounts.model import Visitor
    from inkstand.accounts.passwords import PasswordVerifier

_LOG = logging.getLogger(__name__)
_NO_CODE = LoginCode(None)


class Authenticator:
    """Lets in who knows the user name and the password."""

    def __init__(
        self,
        username: str,
        passwords: PasswordVerifier,
        attempts: Attempts,
        code: LoginCode = _NO_CODE,
    ) -> None:
        self._code = code
        self._username = username
        self._passwords = passwords
        self._attempts = attempts

    @property
    def failures(self) -> int:
        """How often somebody was wrong since the start."""
        return self._attempts.failures

    async def admit(self, username: str, password: str, visitor: Visitor) -> None:
        """Do nothing if `visitor` may come in: with the password, or with a code made on the Pi.

        Only passwords are counted and have to wait.

        Raises:
            InvalidCredentialsError: user name or password is wrong; which of them is not said.
            TooManyAttemptsError: the visitor, or somebody with that name, was wrong too often.
        """
        if _equal(username, self._username) and await asyncio.to_thread(
            self._code.redeem, password
        ):
            _LOG.warning("somebody logged in with a code that was made on this machine")
            return
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
