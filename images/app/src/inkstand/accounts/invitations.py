"""Links that let somebody in once, to choose a password."""

from __future__ import annotations

import hashlib
import secrets
import time
from functools import partial
from typing import TYPE_CHECKING

from inkstand.accounts import people_table
from inkstand.accounts.attempts import address_bucket
from inkstand.accounts.model import Invitation, Person
from inkstand.errors import InkstandError, InvitationNotFoundError, NameTakenError, PeopleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from inkstand.accounts.attempts import Attempts
    from inkstand.accounts.model import Role, Visitor
    from inkstand.accounts.passwords import PasswordVerifier
    from inkstand.accounts.people import People
    from inkstand.storage.database import Database

LIFETIME = 86_400  # seconds
MOST = 20
_SECRET_BYTES = 32


class Invitations:
    """Those that are open, looked up by the hash of their secret, and written through.

    One that was used, revoked or is over is as unknown as one that never was, and so is one of
    somebody who may invite no more. `now` gives seconds since 1970.
    """

    def __init__(
        self,
        people: People,
        passwords: PasswordVerifier,
        attempts: Attempts,
        database: Database,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._people = people
        self._passwords = passwords
        self._attempts = attempts
        self._database = database
        self._now = now
        self._open: dict[str, Invitation] = {}

    async def load(self) -> None:
        """Read those that there are.

        Raises:
            StorageError: that cannot be done.
        """
        found = await self._database.run(people_table.load_invitations)
        self._open = {invitation.digest: invitation for invitation in found}

    def all(self) -> tuple[Invitation, ...]:
        """Return those that can be used, the first to end first."""
        return tuple(filter(self._is_good, self._open.values()))

    async def make(self, role: Role, name: str, maker: str) -> tuple[str, Invitation]:
        """Return the secret of a new one by `maker`, which is not kept, and what is kept.

        Raises:
            NameTakenError: somebody has the (clean) `name`; "" is nobody's.
            PeopleError: there are too many people or invitations.
            StorageError: it cannot be kept.
        """
        self._people.refuse_more()
        if name:
            self._people.refuse_name(name)
        self._open = {invitation.digest: invitation for invitation in self.all()}
        if len(self._open) >= MOST:
            raise PeopleError(f"There are {MOST} invitations; revoke one, or wait until one ends")
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        now = int(self._now())
        digest, expires = digest_of(secret), now + LIFETIME
        new = Invitation(digest=digest, role=role, name=name, expires=expires, maker=maker)
        await self._database.write(partial(people_table.add_invitation, new=new, now=now))
        self._open[new.digest] = new
        return secret, new

    async def revoke(self, invitation_id: str) -> None:
        """Make one worthless.

        Raises:
            InvitationNotFoundError: there is none with that id.
            StorageError: it cannot be removed; nothing has happened.
        """
        found = next((it for it in self.all() if it.id == invitation_id), None)
        if found is None:
            raise InvitationNotFoundError
        await self._database.write(partial(people_table.remove_invitation, digest=found.digest))
        self._open.pop(found.digest, None)

    def look(self, secret: str, visitor: Visitor) -> Invitation:
        """Return the invitation with that secret; who guesses has to wait like for passwords.

        Raises:
            InvitationNotFoundError: there is none that can be used.
            TooManyAttemptsError: too many were wrong from there.
        """
        bucket = address_bucket(visitor)
        self._attempts.check(bucket)
        found = self._open.get(digest_of(secret))
        if found is None or not self._is_good(found):
            self._attempts.failed(bucket)
            raise InvitationNotFoundError
        return found

    async def accept(self, secret: str, name: str, password: str, visitor: Visitor) -> Person:
        """Return who comes with that secret by the (clean) `name`, once; they can log in then.

        Raises:
            InvitationNotFoundError, TooManyAttemptsError: see look().
            NameTakenError: somebody has that name, or the invitation is for another one.
            StorageError: it cannot be kept; the invitation is still good.
        """
        invitation = self.look(secret, visitor)
        if invitation.name not in ("", name):
            raise NameTakenError(f"This invitation is for {invitation.name}")
        self._people.refuse_name(name)
        # Of two that come at a time the second finds nothing.
        del self._open[invitation.digest]
        try:
            return await self._enter(invitation, name, password)
        except InvitationNotFoundError:
            raise
        except InkstandError:
            self._open[invitation.digest] = invitation
            raise

    def _is_good(self, invitation: Invitation) -> bool:
        return self._people.may_invite(invitation.maker) and invitation.expires > self._now()

    async def _enter(self, invitation: Invitation, name: str, password: str) -> Person:
        async with self._passwords.turn(invitation.digest):
            made = await self._passwords.make(password, self._people.owner.password_hash)
        person = Person(
            name=name, role=invitation.role, password_hash=made, created=int(self._now())
        )
        await self._people.add(person, invitation)
        return person


def digest_of(secret: str) -> str:
    """Return what is kept of the secret of a link."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
