"""The tokens that are good now, in memory, and their way to the store and back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from inkstand.auth.model import Kind, Principal
from inkstand.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from inkstand.auth.model import TokenRecord
    from inkstand.auth.store import TokenStore

_LOG = logging.getLogger(__name__)
# How old a last use in the store may be, and how long a newer one waits for company: seconds.
_STALE = 600
_COMPANY = 60.0
# So many sessions may one program have; a job that logs in each time would pile them up.
_MOST_SESSIONS = 100


@dataclass(slots=True, eq=False)
class Entry:
    """A token that was good when it was looked up; `ends` says whether it is now.

    `used` is when it was used last, `written` the last use that the store knows: seconds.
    """

    record: TokenRecord
    by_header: Principal
    by_cookie: Principal
    ends: float
    used: float
    written: float

    @property
    def present(self) -> TokenRecord:
        """The record with the last use."""
        return replace(self.record, used=int(self.used)) if self.used else self.record


class Ledger:
    """Knows all tokens that are good; the store is written when one comes or goes.

    When they were used last is written now and then: not each request is worth a commit.
    `on_revoked` is told the id of each token that is good no longer.
    """

    def __init__(
        self,
        store: TokenStore,
        on_revoked: Callable[[str], object],
        company: float = _COMPANY,
    ) -> None:
        self._store = store
        self._on_revoked = on_revoked
        self._company = company
        self._entries: dict[str, Entry] = {}
        self._unsaved: set[str] = set()
        self._forgotten: set[str] = set()
        self._turn = asyncio.Lock()
        self._stale = asyncio.Event()

    @property
    def next_end(self) -> float:
        """When the first token expires: seconds since 1970."""
        return min((entry.ends for entry in self._entries.values()), default=math.inf)

    def get(self, number: str) -> Entry | None:
        """Return the token with that id, None if there is none or it was revoked."""
        return self._entries.get(number)

    def records(self) -> tuple[TokenRecord, ...]:
        """Return what is kept about each token, oldest first."""
        return tuple(entry.present for entry in self._entries.values())

    async def open(self) -> None:
        """Open the store and read what it has.

        Raises:
            StorageError: that cannot be done.
        """
        await self._store.__aenter__()
        self._entries = {record.id: _entry(record) for record in await self._store.load()}

    async def close(self) -> None:
        """Write down when tokens were used last, and close the store."""
        await self.write_if_possible()
        await self._store.__aexit__(None, None, None)

    async def add(self, record: TokenRecord) -> None:
        """Take in a new token; on an error of the store it is good until the process ends."""
        self._entries[record.id] = _entry(record)
        self._unsaved.add(record.id)
        self._drop(_crowd(self._entries.values(), record))
        await self.write()

    async def forget(self, *numbers: str) -> None:
        """Make tokens worthless, at once and whatever the store says."""
        self._drop(numbers)
        if self._forgotten:
            await self.write()

    def use(self, entry: Entry, now: float) -> None:
        """Note that a token was used `now`."""
        entry.used = now
        if now - entry.written >= _STALE:
            self._stale.set()

    async def run(self) -> None:
        """Write down now and then when tokens were used last, until cancelled."""
        while True:
            await self._stale.wait()
            await asyncio.sleep(self._company)
            self._stale.clear()
            await self.write_if_possible()

    async def write_if_possible(self) -> None:
        """Bring the store up to date; when that cannot be done, run() tries again."""
        try:
            await self.write()
        except StorageError as error:
            _LOG.warning("accounts cannot be kept, trying again: %s", error)

    async def write(self) -> None:
        """Bring the store up to date.

        Raises:
            StorageError: that cannot be done now.
        """
        async with self._turn:
            forgotten = set(self._forgotten)
            entries = [entry for entry in self._entries.values() if self._is_news(entry)]
            saved = [entry.present for entry in entries]
            if not saved and not forgotten:
                return
            await self._keep(saved, forgotten)
            self._forgotten -= forgotten
            self._unsaved -= {record.id for record in saved}
            for entry, record in zip(entries, saved, strict=True):
                entry.written = record.used or 0

    async def _keep(self, saved: list[TokenRecord], forgotten: set[str]) -> None:
        try:
            await self._store.write(saved, forgotten)
        except StorageError:
            self._stale.set()
            raise

    def _is_news(self, entry: Entry) -> bool:
        return entry.record.id in self._unsaved or int(entry.used) > entry.written

    def _drop(self, numbers: Iterable[str]) -> None:
        for number in numbers:
            with contextlib.suppress(KeyError):
                self._entries.pop(number).ends = -math.inf
                self._unsaved.discard(number)
                self._forgotten.add(number)
                self._on_revoked(number)


def _entry(record: TokenRecord) -> Entry:
    ends = math.inf if record.expires is None else record.expires
    used = record.used or 0
    by_header, by_cookie = _principal(record, "header"), _principal(record, "cookie")
    return Entry(record, by_header, by_cookie, ends, used, written=used)


def _principal(record: TokenRecord, via: Literal["header", "cookie"]) -> Principal:
    return Principal(record.user, record.scope, record.id, via)


def _crowd(entries: Iterable[Entry], new: TokenRecord) -> list[str]:
    """Return the sessions of the same program that are too many, the ones used least recently."""
    if new.kind is not Kind.SESSION:
        return []
    same = [entry for entry in entries if _is_like(entry.record, new)]
    same.sort(key=lambda entry: max(entry.used, entry.record.created))
    return [entry.record.id for entry in same[:-_MOST_SESSIONS]]


def _is_like(record: TokenRecord, new: TokenRecord) -> bool:
    return record.kind is Kind.SESSION and record.name == new.name
