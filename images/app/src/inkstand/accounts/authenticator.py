"""Who may come in: user name, password, and how often one may be wrong."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from inkstand.accounts.attempts import buckets_of
from inkstand.accounts.login_code import LoginCode
from inkstand.accounts.model import Role
from inkstand.accounts.names import folded
from inkstand.errors import InvalidCredentialsError

if TYPE_CHECKING:
    from inkstand.accounts.attempts import Attempts
    from inkstand.accounts.model import Person, Visitor
    from inkstand.accounts.passwords import PasswordVerifier
    from inkstand.accounts.people import People

_LOG = logging.getLogger(__name__)
_NO_CODE = LoginCode(None)


class Authenticator:
    """Lets in who knows a user name and its password."""

    def __init__(
        self,
        people: People,
        passwords: PasswordVerifier,
        attempts: Attempts,
        code: LoginCode = _NO_CODE,
    ) -> None:
        self._code = code
        self._people = people
        self._passwords = passwords
        self._attempts = attempts

    @property
    def failures(self) -> int:
        """How often somebody was wrong since the start."""
        return self._attempts.failures

    async def admit(self, username: str, password: str, visitor: Visitor) -> Person:
        """Return who `visitor` is: by the password, or as the owner by a code made on the Pi.

        Only passwords are counted and have to wait.

        Raises:
            InvalidCredentialsError: user name or password is wrong; which of them is not said.
            TooManyAttemptsError: the visitor, or somebody with that name, was wrong too often.
        """
        person = self._people.find(username)
        if (
            person is not None
            and person.role is Role.OWNER
            and await asyncio.to_thread(self._code.redeem, password)
        ):
            _LOG.warning("somebody logged in with a code that was made on this machine")
            return person
        buckets = buckets_of(visitor, username)
        self._attempts.check(*buckets)
        async with self._passwords.turn(_queue_of(username, visitor)):
            # Again: those who came at the same time have had their turn.
            self._attempts.check(*buckets)
            # A password is verified for unknown users too: else the time would tell who exists.
            password_hash = (person or self._people.owner).password_hash
            right = await self._passwords.verify(password_hash, password)
            # Whoever was removed or got another password meanwhile is not who was asked for.
            if person is None or not right or self._people.find(username) != person:
                # Who takes one field for the other writes a password where the name goes.
                whose = "an unknown name" if person is None else person.name
                _LOG.warning("a wrong password for %s came from %s", whose, visitor.address)
                self._attempts.failed(*buckets)
                raise InvalidCredentialsError("user name or password is wrong")
        self._attempts.succeeded(*buckets)
        _LOG.info("%s gave the right password from %s", person.name, visitor.address)
        return person

    async def hashed(self, username: str, password: str) -> str:
        """Return a hash of the new `password` of who has just been admitted.

        Raises:
            TooManyAttemptsError: too many wait for their turn.
        """
        async with self._passwords.turn(folded(username)):
            return await self._passwords.make(password, self._people.owner.password_hash)


def _queue_of(username: str, visitor: Visitor) -> str:
    return "" if visitor.device is None else folded(username)
