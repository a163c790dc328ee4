"""Logging in, and what a token is good for."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from inkstand.accounts.model import Issued, Kind, Principal, Scope, TokenRecord
from inkstand.clock import first_of
from inkstand.errors import InvalidTokenError, StorageError, TokenNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from types import TracebackType

    from inkstand.accounts.authenticator import Authenticator
    from inkstand.accounts.model import Visitor
    from inkstand.accounts.registry import Entry, TokenRegistry
    from inkstand.accounts.tokens import Signer

_LOG = logging.getLogger(__name__)
_ID_BYTES = 8
# No token lives shorter, so none that comes meanwhile ends while we sleep: seconds.
_SHORTEST_LIFE = 3600.0
_MOST_VERIFIED = 512
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose accounts these are: the user name, the password's hash, how long sessions last."""

    username: str
    password_hash: str = field(repr=False)
    lifetime: timedelta

    @property
    def credential(self) -> str:
        """A short name for the present password, which does not give it away."""
        return hashlib.sha256(self.password_hash.encode()).hexdigest()[:16]


class Accounts:
    """The owner's account: user name and password in, token out; token in, what it allows out.

    Sessions that were opened with another password end when this starts. `now` gives seconds since
    1970.
    """

    def __init__(
        self,
        owner: Owner,
        authenticator: Authenticator,
        signer: Signer,
        registry: TokenRegistry,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._owner = owner
        self._credential = owner.credential
        self._authenticator = authenticator
        self._signer = signer
        self._registry = registry
        self._now = now
        self._verified: dict[bytes, Entry] = {}

    @property
    def lifetime(self) -> timedelta:
        """How long a session lasts."""
        return self._owner.lifetime

    @property
    def login_failures(self) -> int:
        """How many log-ins had a wrong user name or password since the start."""
        return self._authenticator.failures

    async def __aenter__(self) -> Self:
        """Open the store and read the tokens.

        Raises:
            StorageError: that cannot be done.
        """
        await self._registry.open()
        await self._tidy()
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
            pause = min(self._registry.next_end - self._now(), _SHORTEST_LIFE)
            await first_of(asyncio.sleep(pause), self._registry.time_to_retry())

    async def log_in(self, username: str, password: str, visitor: Visitor) -> Issued:
        """Return the token of a new session of the owner.

        Raises:
            InvalidCredentialsError: user name or password is wrong.
            TooManyAttemptsError: the visitor, or somebody with that name, got it wrong too often.
        """
        await self._authenticator.admit(username, password, visitor)
        record = self._new(Kind.SESSION, _name(visitor.agent), Scope.ADMIN, self._owner.lifetime)
        try:
            await self._registry.add(record)
        except StorageError as error:
            # The owner must get in to make room; the session ends with the process.
            _LOG.warning("a session cannot be kept: %s", error)
        return Issued(self._signer.sign(record), record)

    async def create(self, name: str, scope: Scope, lifetime: timedelta | None) -> Issued:
        """Return a new token with a name, good for `lifetime` (None: until it is revoked).

        Raises:
            StorageError: it cannot be kept.
        """
        record = self._new(Kind.TOKEN, name, scope, lifetime)
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

    def tokens(self) -> tuple[TokenRecord, ...]:
        """Return what is known about the tokens and sessions that are good, oldest first."""
        now = self._now()
        return tuple(record for record in self._registry.records() if not _is_over(record, now))

    def mark_device(self) -> str:
        """Return a mark for a device from which the owner has just logged in."""
        return self._signer.sign_device(_new_id(), self._owner.username)

    def known_device(self, mark: str) -> str | None:
        """Return the id of the device that bears `mark`, None if it is none of ours."""
        try:
            claims = self._signer.read_device(mark)
        except InvalidTokenError:
            return None
        return claims.id if claims.user == self._owner.username else None

    def _new(self, kind: Kind, name: str, scope: Scope, lifetime: timedelta | None) -> TokenRecord:
        now = int(self._now())
        return TokenRecord(
            id=_new_id(),
            kind=kind,
            user=self._owner.username,
            name=name,
            scope=scope,
            created=now,
            expires=None if lifetime is None else now + int(lifetime.total_seconds()),
            credential=self._credential if kind is Kind.SESSION else "",
        )

    def _look_up(self, token: str, digest: bytes) -> Entry:
        claims = self._signer.read(token)
        entry = self._registry.get(claims.id)
        if entry is None or claims.user != self._owner.username:
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
        """Forget what has expired, and sessions that were opened with another password."""
        now = self._now()
        over = [record.id for record in self._registry.records() if self._is_past(record, now)]
        try:
            await self._registry.forget(*over)
        except StorageError as error:
            _LOG.warning("accounts cannot be tidied: %s", error)

    def _is_past(self, record: TokenRecord, now: float) -> bool:
        changed = record.kind is Kind.SESSION and record.credential != self._credential
        return changed or record.user != self._owner.username or _is_over(record, now)


def _is_over(record: TokenRecord, now: float) -> bool:
    return record.expires is not None and record.expires <= now


def _new_id() -> str:
    return secrets.token_hex(_ID_BYTES)


def _name(agent: str) -> str:
    """Return the name of a session: the program that opened it, as far as it can be printed."""
    return "".join(filter(str.isprintable, agent)).strip()[:_LONGEST_NAME] or "unknown"
