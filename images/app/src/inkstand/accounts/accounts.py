"""Logging in, and what a token is good for."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from typing import TYPE_CHECKING, Self

from inkstand.accounts.model import Issued, Kind, Role, TokenRecord
from inkstand.clock import first_of
from inkstand.errors import (
    ForbiddenError,
    InvalidCredentialsError,
    InvalidTokenError,
    StorageError,
    TokenNotFoundError,
    TooManyTokensError,
    WrongPasswordError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from types import TracebackType

    from inkstand.accounts.authenticator import Authenticator
    from inkstand.accounts.guests import Guests
    from inkstand.accounts.invitations import Invitations
    from inkstand.accounts.model import Person, Principal, Scope, Visitor
    from inkstand.accounts.people import People
    from inkstand.accounts.registry import Entry, TokenRegistry
    from inkstand.accounts.tokens import Signer

_LOG = logging.getLogger(__name__)
_ID_BYTES = 8
# No token lives shorter, so none that comes meanwhile ends while we sleep: seconds.
_SHORTEST_LIFE = 3600.0
# By how much a clock may be set back and sessions stay as they are: seconds.
_LARGEST_STEP = 2 * 86_400.0
_MOST_VERIFIED = 512
_LONGEST_NAME = 100
# With a name, of somebody who was invited.
_MOST_TOKENS = 50


class Accounts:
    """Accounts of `people`: user name and password in, token out; token in, what it allows out.

    Sessions that were opened with another password end when this starts; each lasts `lifetime`.
    `now` gives seconds since 1970. While that is not right, as `is_right` says, what has expired
    is refused and not forgotten.
    """

    def __init__(  # noqa: PLR0913 - what it works with, and how
        self,
        people: People,
        invitations: Invitations,
        authenticator: Authenticator,
        signer: Signer,
        registry: TokenRegistry,
        *,
        guests: Guests,
        lifetime: timedelta,
        now: Callable[[], float] = time.time,
        is_right: Callable[[], bool] = lambda: True,
    ) -> None:
        self.people = people
        self.invitations = invitations
        self.guests = guests
        self.lifetime = lifetime
        self._authenticator = authenticator
        self._signer = signer
        self._registry = registry
        self._now = now
        self._is_right = is_right
        self._verified: dict[bytes, Entry] = {}

    @property
    def login_failures(self) -> int:
        """How many log-ins had a wrong user name or password since the start."""
        return self._authenticator.failures

    async def __aenter__(self) -> Self:
        """Open the store and read tokens, people, invitations and links for guests.

        Raises:
            StorageError: that cannot be done.
        """
        await self._registry.open()
        reset = await self.people.load(self._registry.directory)
        await self.invitations.load()
        await self.guests.load()
        await self._tidy()
        if reset:
            _LOG.warning("the owner's password is that of the settings; all their sessions end")
            await self._end(self.people.owner.name, tokens=False)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the store."""
        await self._registry.close()

    async def run(self) -> None:
        """End what has expired, until cancelled."""
        while True:
            await self._tidy()
            pause = _SHORTEST_LIFE
            if self._is_right():
                pause = min(self._registry.next_end - self._now(), pause)
            await first_of(asyncio.sleep(pause), self._registry.time_to_retry())

    async def log_in(self, username: str, password: str, visitor: Visitor) -> Issued:
        """Return the token of a new session.

        Raises:
            InvalidCredentialsError: user name or password is wrong.
            TooManyAttemptsError: the visitor, or somebody with that name, got it wrong too often.
        """
        person = await self._authenticator.admit(username, password, visitor)
        scope = person.role.scope
        record = self._new(person, Kind.SESSION, _name(visitor.agent), scope, self.lifetime)
        try:
            await self._registry.add(record)
        except StorageError as error:
            # Somebody must get in to make room; the session ends with the process.
            _LOG.warning("a session cannot be kept: %s", error)
        return Issued(self._signer.sign(record), record)

    async def create(
        self, name: str, scope: Scope, lifetime: timedelta | None, user: str | None = None
    ) -> Issued:
        """Return a new token of `user` (None: the owner), good for `lifetime` (None: for ever).

        Raises:
            ForbiddenError: it would go further than its user may, or there is no such user.
            TooManyTokensError: they have too many.
            StorageError: it cannot be kept.
        """
        person = self.people.owner if user is None else self.people.get(user)
        if person is None or scope > person.role.scope:
            raise ForbiddenError(scope.word)
        if person.role is not Role.OWNER and len(self._tokens_of(person.name)) >= _MOST_TOKENS:
            raise TooManyTokensError(_MOST_TOKENS)
        record = self._new(person, Kind.TOKEN, name, scope, lifetime)
        try:
            await self._registry.add(record)
        except StorageError:
            await self._give_up(record)
            raise
        return Issued(self._signer.sign(record), record)

    def verify(self, token: str, *, from_cookie: bool = False) -> Principal:
        """Return who has `token`, and note that it was used.

        Cheap for a token that was seen before: no cryptography but one hash.

        Raises:
            InvalidTokenError: it is forged, damaged, expired or revoked, or somebody's who is
                unknown.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        entry = self._verified.get(digest) or self._look_up(token, digest)
        now = self._now()
        if entry.ends <= now:
            self._verified.pop(digest, None)
            raise InvalidTokenError("the token has expired or was revoked")
        self._registry.use(entry, now)
        return entry.by_cookie if from_cookie else entry.by_header

    def revoked(self, token_id: str) -> bool:
        """Tell whether the token `token_id` is no longer good: revoked or expired."""
        entry = self._registry.get(token_id)
        return entry is None or entry.ends <= self._now()

    async def revoke(self, token_id: str) -> None:
        """Make the token `token_id` worthless, at once.

        Raises:
            TokenNotFoundError: there is none.
            StorageError: it is worthless now, but may come back when the process is restarted.
        """
        if self._registry.get(token_id) is None:
            raise TokenNotFoundError
        await self._registry.forget(token_id)

    def get(self, token_id: str) -> TokenRecord:
        """Return what is known about the token `token_id`.

        Raises:
            TokenNotFoundError: there is none.
        """
        entry = self._registry.get(token_id)
        if entry is None:
            raise TokenNotFoundError
        return entry.present

    def tokens(self, user: str | None = None) -> tuple[TokenRecord, ...]:
        """Return what is known about good tokens and sessions (of `user`), oldest first."""
        now = self._now()
        return tuple(
            record
            for record in self._registry.records()
            if not _is_over(record, now) and user in (None, record.user)
        )

    async def change_role(self, name: str, role: Role) -> Person:
        """Return what somebody is by another role; their sessions end, with a lower one all tokens.

        Raises:
            PersonNotFoundError, PeopleError, StorageError: see People.change().
        """
        before = self.people.get(name)
        after = await self.people.change(name, role=role)
        if before != after:
            await self._end(name, tokens=before is None or role.scope < before.role.scope)
        return after

    async def remove_person(self, name: str) -> None:
        """Remove somebody; their sessions and tokens end.

        Raises:
            PersonNotFoundError, PeopleError, StorageError: see People.remove().
        """
        await self.people.remove(name)
        await self._end(name, tokens=True)

    async def change_password(self, user: str, old: str, new: str, visitor: Visitor) -> None:
        """Give somebody who knows the `old` password a new one; their sessions end.

        Raises:
            WrongPasswordError: the old one is wrong.
            TooManyAttemptsError: the visitor, or somebody with that name, got it wrong too often.
            StorageError: it cannot be kept; nothing has happened.
        """
        try:
            await self._authenticator.admit(user, old, visitor)
        except InvalidCredentialsError as error:
            raise WrongPasswordError from error
        made = await self._authenticator.hashed(user, new)
        await self.people.change(user, password_hash=made)
        await self._end(user, tokens=False)

    def mark_device(self, user: str) -> str:
        """Return a mark for a device from which `user` has just logged in."""
        return self._signer.sign_device(_new_id(), user)

    def known_device(self, mark: str, username: str) -> str | None:
        """Return the id of the device that bears `mark`, None if it is none of that user's.

        Only for the one who logged in there is it known: else those who were invited could guess
        the passwords of others with as many devices as they like.
        """
        try:
            claims = self._signer.read_device(mark)
        except InvalidTokenError:
            return None
        person = self.people.find(username)
        return claims.id if person is not None and claims.user == person.name else None

    def _tokens_of(self, user: str) -> list[TokenRecord]:
        return [record for record in self.tokens(user) if record.kind is Kind.TOKEN]

    async def _end(self, user: str, *, tokens: bool) -> None:
        """End the sessions of `user`, and their `tokens`."""
        ended = [each.id for each in self.tokens(user) if tokens or each.kind is Kind.SESSION]
        try:
            await self._registry.forget(*ended)
        except StorageError as error:
            # They are worthless now, are not good after a restart, and are tried again.
            _LOG.warning("sessions that have ended cannot be removed: %s", error)

    def _new(
        self, person: Person, kind: Kind, name: str, scope: Scope, lifetime: timedelta | None
    ) -> TokenRecord:
        now = int(self._now())
        return TokenRecord(
            id=_new_id(),
            kind=kind,
            user=person.name,
            name=name,
            scope=scope,
            created=now,
            expires=None if lifetime is None else now + int(lifetime.total_seconds()),
            credential=person.credential_of(kind),
        )

    def _look_up(self, token: str, digest: bytes) -> Entry:
        claims = self._signer.read(token)
        entry = self._registry.get(claims.id)
        if entry is None or claims.user != entry.record.user:
            raise InvalidTokenError("the token was revoked, or is for another user")
        if len(self._verified) >= _MOST_VERIFIED:
            self._verified.pop(next(iter(self._verified)))
        self._verified[digest] = entry
        return entry

    async def _give_up(self, record: TokenRecord) -> None:
        try:
            await self._registry.forget(record.id)
        except StorageError:
            _LOG.debug("a token that was not kept need not be forgotten")

    async def _tidy(self) -> None:
        """Forget what has expired, or is of nobody, or was opened with another password."""
        now = self._now() if self._is_right() else None
        over = [record.id for record in self._registry.records() if self._is_past(record, now)]
        try:
            await self._registry.forget(*over)
        except StorageError as error:
            _LOG.warning("accounts cannot be tidied: %s", error)

    def _is_past(self, record: TokenRecord, now: float | None) -> bool:
        person = self.people.get(record.user)
        if person is None or record.scope > person.role.scope:
            return True
        if record.credential != person.credential_of(record.kind):
            return True
        return now is not None and (_is_over(record, now) or _is_ahead(record, now))


def _is_ahead(record: TokenRecord, now: float) -> bool:
    """Tell whether a session was opened by a clock that was ahead: it would last for years."""
    return record.kind is Kind.SESSION and record.created - now > _LARGEST_STEP


def _is_over(record: TokenRecord, now: float) -> bool:
    return record.expires is not None and record.expires <= now


def _new_id() -> str:
    return secrets.token_hex(_ID_BYTES)


def _name(agent: str) -> str:
    """Return the name of a session: the program that opened it, as far as it can be printed."""
    return "".join(filter(str.isprintable, agent)).strip()[:_LONGEST_NAME] or "unknown"
