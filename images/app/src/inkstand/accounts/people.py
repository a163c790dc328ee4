"""The owner and those who were invited: found by name, and written through to a database."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from inkstand.accounts import people_table
from inkstand.accounts.model import Person, Role, Scope
from inkstand.accounts.names import folded
from inkstand.errors import (
    InvitationNotFoundError,
    NameTakenError,
    PeopleError,
    PersonNotFoundError,
    StorageError,
    StorageUnavailableError,
)
from inkstand.storage.database import make_private

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from inkstand.accounts.attempts import Attempts
    from inkstand.accounts.model import Invitation
    from inkstand.storage.database import Database

_LOG = logging.getLogger(__name__)
MOST = 50
# Who has sent the notices of the appliance itself.
_OURSELVES = "Inkstand"
_RESET = "reset-owner"


def ask_for_reset(directory: Path) -> None:
    """Have the owner's password of the settings count again when the app starts next.

    Raises:
        StorageUnavailableError: that cannot be noted in `directory`.
    """
    try:
        make_private(directory / _RESET)
    except OSError as error:
        raise StorageUnavailableError(
            f"cannot write to {directory}: {error.strerror}; run on the Pi: "
            "sudo inkstand-host reset-owner"
        ) from error


class People:
    """Who may log in; `owner` is who the settings name, with the password that counts now.

    `given` is the hash of the settings. The password that the owner has chosen later counts until
    that one changes.
    """

    def __init__(self, username: str, given: str, database: Database, attempts: Attempts) -> None:
        self.owner = Person(name=username, role=Role.OWNER, password_hash=given)
        self._given = given
        self._database = database
        self._attempts = attempts
        self._people: dict[str, Person] = {}

    async def load(self, directory: Path) -> bool:
        """Read everybody, and return whether the owner is to begin anew, see ask_for_reset().

        Raises:
            StorageError: that cannot be done.
        """
        mark = directory / _RESET
        reset = mark.exists()
        kept = await self._database.run(people_table.owner_passwords)
        chosen = None if reset else kept.get(self._given)
        if not kept or chosen is not None or await self._try(self._job_of(None)):
            mark.unlink(missing_ok=True)
        self.owner = replace(self.owner, password_hash=chosen or self._given)
        for person in await self._database.run(people_table.load_people):
            await self._take(person)
        return reset

    def find(self, username: str) -> Person | None:
        """Return who logs in by that name: the owner's has to be exact, others' not in its case."""
        return self.owner if username == self.owner.name else self._people.get(folded(username))

    def get(self, name: str) -> Person | None:
        """Return who has exactly that name."""
        person = self.find(name)
        return person if person and person.name == name else None

    def may_invite(self, name: str) -> bool:
        """Tell whether links that were made by exactly that name are good."""
        person = self.get(name)
        return person is not None and person.role.scope is Scope.ADMIN

    def all(self) -> tuple[Person, ...]:
        """Return the owner, and the others in the order in which they came."""
        return (self.owner, *self._people.values())

    def refuse_name(self, name: str) -> None:
        """Do nothing if somebody new may have that (clean) name.

        Raises:
            NameTakenError: somebody has it, or one that looks like it.
        """
        if folded(name) in {*self._people, folded(self.owner.name), folded(_OURSELVES)}:
            raise NameTakenError

    def refuse_more(self) -> None:
        """Do nothing if there may be one more.

        Raises:
            PeopleError: there are as many as there may be.
        """
        if len(self._people) >= MOST:
            raise PeopleError(f"There are {MOST} people, and no more can be invited")

    async def add(self, person: Person, invitation: Invitation) -> None:
        """Take in who came with `invitation`, which then is used.

        Raises:
            NameTakenError, PeopleError: see above.
            InvitationNotFoundError: it was used already.
            StorageError: it cannot be kept; nothing has happened.
        """
        self.refuse_name(person.name)
        self.refuse_more()
        key = folded(person.name)
        # Before it is written: nobody else may take that name meanwhile.
        self._people[key] = person
        try:
            await self._database.write(
                partial(people_table.add_person, person=person, digest=invitation.digest)
            )
        except (StorageError, InvitationNotFoundError):
            self._people.pop(key, None)
            raise
        self._attempts.keep(person.name)

    async def change(
        self, name: str, *, role: Role | None = None, password_hash: str = ""
    ) -> Person:
        """Return what somebody becomes by another role or another hash of their password.

        Raises:
            PersonNotFoundError: there is nobody of that name.
            PeopleError: the owner's role stays.
            StorageError: it cannot be kept; nothing has happened.
        """
        before = self.get(name)
        if before is None:
            raise PersonNotFoundError
        if role is not None:
            self._refuse_owner(before)
        after = replace(
            before,
            role=role or before.role,
            password_hash=password_hash or before.password_hash,
        )
        self._put(before, after)
        try:
            await self._database.write(self._job_of(after))
        except StorageError:
            self._put(after, before)
            raise
        return after

    async def remove(self, name: str) -> None:
        """Remove somebody.

        Raises:
            PersonNotFoundError: there is nobody of that name.
            PeopleError: the owner stays.
            StorageError: it cannot be kept; nothing has happened.
        """
        person = self.get(name)
        if person is None:
            raise PersonNotFoundError
        self._refuse_owner(person)
        await self._database.write(partial(people_table.remove_person, name=name))
        self._people.pop(folded(name), None)
        self._attempts.drop(name)

    def _refuse_owner(self, person: Person) -> None:
        if person.role is Role.OWNER:
            raise PeopleError("The owner stays: that is who the settings of the Pi name")

    def _put(self, before: Person, after: Person) -> None:
        if after.role is Role.OWNER:
            self.owner = after
        elif self._people.get(folded(before.name)) == before:
            self._people[folded(before.name)] = after

    def _job_of(self, person: Person | None) -> Callable[[sqlite3.Connection], None]:
        """Return what keeps what somebody has become, None: the owner of the settings."""
        if person is not None and person.role is not Role.OWNER:
            return partial(people_table.change_person, person=person)
        chosen = None if person is None else person.password_hash
        return partial(people_table.set_owner_password, given=self._given, password_hash=chosen)

    async def _take(self, person: Person) -> None:
        """Take in who was there before, unless the settings have given their name to the owner."""
        try:
            self.refuse_name(person.name)
        except NameTakenError:
            _LOG.warning("%s is removed: the settings give that name to the owner", person.name)
            await self._try(partial(people_table.remove_person, name=person.name))
            return
        self._people[folded(person.name)] = person
        self._attempts.keep(person.name)

    async def _try(self, job: Callable[[sqlite3.Connection], None]) -> bool:
        """Tell whether something could be written that is tried again at the next start."""
        try:
            await self._database.write(job)
        except StorageError as error:
            _LOG.warning("people cannot be tidied: %s", error)
            return False
        return True
