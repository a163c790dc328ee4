"""The messages of a database that come later, and how they become messages."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from inkstand.errors import MessageNotFoundError, MessageStateError
from inkstand.messages import model, scheduled, scheduled_table, table
from inkstand.messages.model import Changed
from inkstand.messages.waiting import MAX_SCHEDULED, admit

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from datetime import datetime, tzinfo

    from inkstand.messages.model import Draft, Message
    from inkstand.messages.scheduled import Scheduled


class Schedule:
    """What comes later, by the clocks of `zone`; what writes is a part of a transaction.

    `next_number` returns an id that no message has.
    """

    def __init__(self, zone: tzinfo, next_number: Callable[[sqlite3.Connection], int]) -> None:
        self._zone = zone
        self._next_number = next_number

    def admit(self, connection: sqlite3.Connection, draft: Draft) -> None:
        """Do nothing if `draft` may come later.

        Raises:
            TooManyWaitingError: so many do that there is no room.
        """
        total, own = scheduled_table.counts(connection, draft.sender)
        admit(draft, MAX_SCHEDULED, total, own, "come later")

    def add(
        self, connection: sqlite3.Connection, draft: Draft, at: datetime, mark: bytes | None
    ) -> Message:
        """Keep `draft`, taken in at `at` (aware); `mark` is its fingerprint.

        Raises:
            InvalidValueError: its rule to repeat never comes.
        """
        number = self._next_number(connection)
        made = scheduled.accept(draft, number=number, at=at, zone=self._zone)
        table.give_number(connection, number)
        scheduled_table.insert(connection, made, draft, mark)
        return self._told(made)

    def get(self, connection: sqlite3.Connection, number: int) -> Message:
        """Return the message with the id `number`, which comes later.

        Raises:
            MessageNotFoundError: there is none.
        """
        later = scheduled_table.get(connection, number)
        if later is None:
            raise MessageNotFoundError(number)
        return self._told(later)

    def by_key(
        self, connection: sqlite3.Connection, author: str, key: str
    ) -> tuple[Message, bytes] | tuple[None, None]:
        """Return what came with the idempotency key, and its fingerprint."""
        found = scheduled_table.by_key(connection, author, key)
        return (self.get(connection, found[0]), found[1]) if found else (None, None)

    def every(self, connection: sqlite3.Connection) -> tuple[Message, ...]:
        """Return all, the next one first."""
        return tuple(map(self._told, scheduled_table.every(connection)))

    def end(self, connection: sqlite3.Connection, message: Message) -> None:
        """Keep `message` as what has become of the one with its id, of which no more comes."""
        draft, mark = scheduled_table.content(connection, message.id)
        key = draft.idempotency_key
        if key is not None and table.by_key(connection, draft.author, key)[0] is not None:
            # An older release did not know it, and took in another message with its key.
            draft, mark = replace(draft, idempotency_key=None), None
        scheduled_table.update(connection, message.id, None)
        picture = draft.picture if message.has_picture else None
        table.insert(connection, message, replace(draft, picture=picture), mark)
        table.wait_behind(connection, message.id)

    def come(
        self, connection: sqlite3.Connection, now: datetime, calls: int
    ) -> Iterator[tuple[str, Changed]]:
        """Let all come whose time it is at `now` (aware); yield what has changed, and who sent it.

        `calls` is the greatest `called` that was given so far.
        """
        due = scheduled_table.due(connection, now)
        for later, called in zip(due, itertools.count(calls), strict=False):
            for changed in self._come(connection, later, now, called):
                yield later.sender, changed

    def skip(
        self, connection: sqlite3.Connection, number: int, moment: datetime, now: datetime
    ) -> Changed:
        """Let the message `number` not come at `moment` (aware); at its last time it is deleted.

        Raises:
            MessageNotFoundError: there is none.
            MessageStateError: it does not come then.
        """
        later = scheduled_table.get(connection, number)
        if later is None:
            state = table.get(connection, number).state
            raise MessageStateError(f"message {number} is {state}, it does not come later")
        before, left = self._told(later), scheduled.skip(later, moment, self._zone)
        if left is None:
            gone = model.delete(before, now)
            self.end(connection, gone)
            return Changed(before, gone)
        scheduled_table.update(connection, number, left)
        return Changed(before, self._told(left))

    def _come(
        self, connection: sqlite3.Connection, later: Scheduled, now: datetime, calls: int
    ) -> tuple[Changed, ...]:
        """Let the last that was missed of `later` come as a message, and keep what is left."""
        at, left = scheduled.come(later, now, self._zone)
        number = later.id if left is None else self._next_number(connection)
        made = scheduled.message(later, at, left, number=number, calls=calls)
        message = model.expire(made, now)
        if left is None:
            self.end(connection, message)
            return (Changed(self._told(later), message),)
        draft, _ = scheduled_table.content(connection, later.id)
        scheduled_table.update(connection, later.id, left)
        table.insert(connection, message, replace(draft, idempotency_key=None), None)
        return Changed(None, message), Changed(self._told(later), self._told(left))

    def _told(self, later: Scheduled) -> Message:
        return scheduled.as_message(later, self._zone)
