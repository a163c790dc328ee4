"""Messages as rows of a table: how it is made, what is written to it and what it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from inkstand.errors import MessageNotFoundError, StorageUnavailableError
from inkstand.messages import scheduled_table
from inkstand.messages.model import Message, Priority, State
from inkstand.rendering.text import TextLook

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping

    from inkstand.messages.model import Draft

# Times are microseconds since 1970, UTC. A migration that was released never changes.
_MIGRATIONS = (
    """
    CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        author TEXT NOT NULL,
        text TEXT NOT NULL,
        at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'shown', 'read', 'expired', 'deleted')),
        priority TEXT NOT NULL CHECK (priority IN ('normal', 'urgent')),
        called INTEGER,
        expires_at INTEGER,
        show_for INTEGER,
        shown_at INTEGER,
        ended_at INTEGER,
        has_picture INTEGER NOT NULL CHECK (has_picture IN (0, 1)),
        idempotency_key TEXT,
        fingerprint BLOB,
        CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
    ) STRICT;
    CREATE INDEX message_by_state ON message (state, id);
    CREATE INDEX message_called ON message (called, id)
        WHERE called IS NOT NULL AND state IN ('waiting', 'shown');
    CREATE INDEX message_shown_at ON message (shown_at, id) WHERE shown_at IS NOT NULL;
    CREATE INDEX message_expiring ON message (expires_at)
        WHERE expires_at IS NOT NULL AND state IN ('waiting', 'shown');
    CREATE UNIQUE INDEX message_by_key ON message (author, idempotency_key)
        WHERE idempotency_key IS NOT NULL;
    CREATE TABLE picture (
        message INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
        data BLOB NOT NULL
    ) STRICT;
    """,
)
VERSION = len(_MIGRATIONS)
# Beside what has a version: releases before these were there read and write the same file.
_BESIDE = f"""
    {scheduled_table.TABLE}
    DROP INDEX IF EXISTS message_turn;
"""
# Behind which ids those wait that were to come later, and have an older one: a clock may be set
# back, and its times say nothing of an order. Others have none, also those of older releases.
_TURN = """
    ALTER TABLE message ADD COLUMN turn REAL;
    CREATE INDEX message_waiting ON message (coalesce(turn, id), at, id) WHERE state = 'waiting';
"""
_IN_TURN = "coalesce(turn, id), at, id"
# How texts look, in words of TextLook. A release before it neither asks for it nor changes it: it
# shows each text as it always did, and this one, once it is back, as was asked for.
_LOOK = "ALTER TABLE {} ADD COLUMN look TEXT NOT NULL DEFAULT ''"
_HAS = "SELECT count(*) FROM pragma_table_info(?) WHERE name = ?"
# What every release has; damaged files are read by it.
COLUMNS = (
    "id, author, text, at, state, priority, called, expires_at, show_for, shown_at, ended_at, "
    "has_picture"
)
# The texts below are constants of this module; values are bound, never written into them.
_ALL = f"{COLUMNS}, look"
_MARKS = ", ".join("?" * len(_ALL.split(",")))
_INSERT = f"INSERT INTO message ({_ALL}, idempotency_key, fingerprint) VALUES ({_MARKS}, ?, ?)"  # noqa: S608
_UPDATE = f"UPDATE message SET ({_ALL}) = ({_MARKS}) WHERE id = ?"  # noqa: S608
_WAIT_BEHIND = """
    UPDATE message SET turn = (SELECT seq FROM sqlite_sequence WHERE name = 'message') + 0.5
    WHERE id = ?
"""
_PRUNE = """
    DELETE FROM message WHERE state IN ('read', 'expired', 'deleted') AND (
        max(at, ended_at) < ? OR id <= (
            SELECT id FROM message WHERE state IN ('read', 'expired', 'deleted')
            ORDER BY id DESC LIMIT 1 OFFSET ?
        )
    )
"""
_SELECT = f"SELECT {_ALL} FROM message"  # noqa: S608
# Keys that begin so are few; by its index SQLite finds the open ones first.
_OPEN_BY_KEY = (
    f"SELECT {_ALL}, idempotency_key FROM message WHERE state IN ('waiting', 'shown') "  # noqa: S608
    "AND author = ? AND substr(idempotency_key, 1, ?) = ? ORDER BY id DESC LIMIT 1"
)
_BY_KEY = f"SELECT {_ALL}, fingerprint FROM message WHERE (author, idempotency_key) = (?, ?)"  # noqa: S608
_OPEN = "state IN ('waiting', 'shown')"
_OPEN_NUMBERS = f"SELECT id FROM message WHERE {_OPEN}"  # noqa: S608
_WANTED = (
    f"{_SELECT} WHERE called IS NOT NULL AND {_OPEN} ORDER BY called DESC, id DESC LIMIT 1",
    f"{_SELECT} WHERE state = 'shown' ORDER BY id LIMIT 1",
    # By itself SQLite would sort all that wait.
    f"{_SELECT} INDEXED BY message_waiting WHERE state = 'waiting' ORDER BY {_IN_TURN} LIMIT 1",
)
# The same order as one question, for who wants to see what comes after the first.
_QUEUE = (
    f"{_SELECT} WHERE {_OPEN} "
    f"ORDER BY called DESC NULLS LAST, state = 'waiting', {_IN_TURN} LIMIT ?"
)
_SHOWN = f"{_SELECT} WHERE state = 'shown' ORDER BY id"
_LAST_SHOWN = (
    f"{_SELECT} WHERE shown_at IS NOT NULL AND state != 'deleted' "
    "ORDER BY shown_at DESC, id DESC LIMIT 1"
)
_LEAVES_AT = "shown_at + show_for * 1000000"
_DUE = (
    f"{_SELECT} WHERE expires_at IS NOT NULL AND {_OPEN} AND expires_at <= ?1 "
    f"UNION {_SELECT} WHERE state = 'shown' AND {_LEAVES_AT} <= ?1 ORDER BY id"
)
_DEADLINE = (
    f"SELECT min(expires_at) FROM message WHERE expires_at IS NOT NULL AND {_OPEN} "  # noqa: S608
    f"UNION ALL SELECT min({_LEAVES_AT}) FROM message WHERE state = 'shown' "
    "UNION ALL SELECT min(next_at) FROM scheduled"
)
# Not LIKE: of a hundred letters that are nearly there it tries each at each place of each text.
_MATCHES = "AND (instr(lower(text), lower(?)) OR instr(lower(author), lower(?))) "
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the open messages ask for.

    Attributes:
        wanted: The message that is to be on the glass: what was called last comes first (urgent
            messages, and those to be shown again), then what is on the glass already, then what
            waits longest.
        shown: Those that are there: one, or none.
        deadline: When the first of the open ones expires, or of those comes that come later.
        picture: That of the wanted one, encoded.
        expires_at: When the first of the open ones expires.
    """

    wanted: Message | None
    shown: tuple[Message, ...]
    deadline: datetime | None
    picture: bytes | None = None
    expires_at: datetime | None = field(default=None, compare=False)

    @property
    def calls(self) -> int:
        """The greatest `called` of an open message, 0 if none has one: it is the one wanted."""
        return (self.wanted and self.wanted.called) or 0


@dataclass(frozen=True, slots=True)
class Page:
    """Messages, newest first; `next` is what to ask for to go on, None at the end."""

    messages: tuple[Message, ...]
    next: int | None


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database behind `connection` up to date, each version in one transaction.

    Raises:
        StorageUnavailableError: a newer Inkstand made it.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StorageUnavailableError(
            f"the messages were written by a newer Inkstand (format {version}, "
            f"this one knows {VERSION}); install that one, or move them away"
        )
    for number in range(version, VERSION):
        connection.executescript(
            f"BEGIN IMMEDIATE; {_MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        )
    connection.executescript(_BESIDE)
    for name in ("message", "scheduled"):
        if connection.execute(_HAS, (name, "look")).fetchone() == (0,):
            connection.execute(_LOOK.format(name))
    if connection.execute(_HAS, ("message", "turn")).fetchone() == (0,):
        connection.executescript(f"BEGIN IMMEDIATE; {_TURN} COMMIT;")


def touch(connection: sqlite3.Connection) -> None:
    """Write what is there already, to see whether that can be done."""
    connection.execute(f"PRAGMA user_version = {VERSION}")


def insert(
    connection: sqlite3.Connection, message: Message, draft: Draft, mark: bytes | None
) -> None:
    """Keep a new message with what its draft has and it has not; `mark` is its fingerprint."""
    connection.execute(_INSERT, (*to_row(message), draft.idempotency_key, mark))
    if draft.picture is not None:
        connection.execute("INSERT INTO picture VALUES (?, ?)", (message.id, draft.picture))


def update(connection: sqlite3.Connection, message: Message) -> None:
    """Keep what became of a message."""
    connection.execute(_UPDATE, (*to_row(message), message.id))
    if not message.has_picture:
        connection.execute("DELETE FROM picture WHERE message = ?", (message.id,))


def prune(connection: sqlite3.Connection, before: datetime, keep: int) -> int:
    """Remove messages that ended before `before`, and all ended ones but the newest `keep`.

    One ended no sooner than it came, whatever the clock was when it did.
    """
    return connection.execute(_PRUNE, (to_number(before), keep)).rowcount


def last_number(connection: sqlite3.Connection) -> int:
    """Return the greatest id that was given away, 0 if none was."""
    sql = "SELECT seq FROM sqlite_sequence WHERE name = 'message'"
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def give_number(connection: sqlite3.Connection, number: int) -> None:
    """Let `number` be the greatest id that was given away, although no message has it yet."""
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'message'")
    connection.execute("INSERT INTO sqlite_sequence VALUES ('message', ?)", (number,))


def wait_behind(connection: sqlite3.Connection, number: int) -> None:
    """Let the message `number` wait behind all that were taken in so far, whatever its id."""
    connection.execute(_WAIT_BEHIND, (number,))


def open_numbers(connection: sqlite3.Connection) -> list[int]:
    """Return the ids of the open messages."""
    return [number for (number,) in connection.execute(_OPEN_NUMBERS)]


def get(connection: sqlite3.Connection, number: int) -> Message:
    """Return the message with the id `number`.

    Raises:
        MessageNotFoundError: there is none.
    """
    message = _one(connection, f"{_SELECT} WHERE id = ?", number)
    if message is None:
        raise MessageNotFoundError(number)
    return message


def by_key(
    connection: sqlite3.Connection, author: str, key: str
) -> tuple[Message, bytes] | tuple[None, None]:
    """Return the message that came with the idempotency key, and its fingerprint."""
    row = connection.execute(_BY_KEY, (author, key)).fetchone()
    return (None, None) if row is None else (_from_row(row[:-1]), row[-1])


def open_by_key(
    connection: sqlite3.Connection, author: str, beginning: str
) -> tuple[Message, str] | None:
    """Return the newest open message whose idempotency key begins like that, and the key."""
    row = connection.execute(_OPEN_BY_KEY, (author, len(beginning), beginning)).fetchone()
    return None if row is None else (_from_row(row[:-1]), row[-1])


def picture(connection: sqlite3.Connection, number: int) -> bytes | None:
    """Return the encoded picture of the message `number`, None if it has none."""
    row = connection.execute("SELECT data FROM picture WHERE message = ?", (number,)).fetchone()
    return None if row is None else bytes(row[0])


def page(
    connection: sqlite3.Connection,
    before: int | None,
    limit: int,
    states: Collection[State],
    words: str = "",
) -> Page:
    """Return at most `limit` messages in one of `states`, with ids below `before`.

    `words` is what has to stand in their text, or in the name of who sent them; capitals of ASCII
    make no difference.
    """
    marks = ", ".join("?" * len(states))
    matches, wanted = (_MATCHES, (words, words)) if words else ("", ())
    sql = (
        f"{_SELECT} WHERE state IN ({marks}) AND id < coalesce(?, 1 << 62) {matches}"
        "ORDER BY id DESC LIMIT ?"
    )
    names = (state.value for state in states)
    found = _all(connection, sql, *names, before, *wanted, limit + 1)
    return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)


def queue(connection: sqlite3.Connection, limit: int) -> tuple[Message, ...]:
    """Return at most `limit` of the open messages, in the order in which they come to the glass."""
    return _all(connection, _QUEUE, limit)


def outlook(connection: sqlite3.Connection, before: Outlook) -> Outlook:
    """Return what the open messages ask for; a picture that `before` has is not read again."""
    wanted = next(filter(None, (_one(connection, sql) for sql in _WANTED)), None)
    *ends, comes = [_to_time(number) for (number,) in connection.execute(_DEADLINE)]
    over = min(filter(None, ends), default=None)
    deadline = min(filter(None, (over, comes)), default=None)
    found = Outlook(wanted, _all(connection, _SHOWN), deadline, expires_at=over)
    if wanted is None or not wanted.has_picture:
        return found
    known = before.picture if before.wanted and before.wanted.id == wanted.id else None
    return replace(found, picture=known or picture(connection, wanted.id))


def due(connection: sqlite3.Connection, now: datetime) -> tuple[Message, ...]:
    """Return the open messages whose time is over at `now` (aware), oldest first."""
    return _all(connection, _DUE, to_number(now))


def last_shown(connection: sqlite3.Connection) -> Message | None:
    """Return the message that came onto the glass last and was not deleted."""
    return _one(connection, _LAST_SHOWN)


def counts(connection: sqlite3.Connection) -> Mapping[State, int]:
    """Return how many messages there are in each state."""
    rows = connection.execute("SELECT state, count(*) FROM message GROUP BY state")
    counted = {State(state): count for state, count in rows}
    counted[State.SCHEDULED] = scheduled_table.counts(connection, "")[0]
    return {state: counted.get(state, 0) for state in State}


def to_row(message: Message) -> tuple[Any, ...]:
    """Return the values of all columns but those that only a draft has."""
    return (
        message.id,
        message.author,
        message.text,
        to_number(message.at),
        message.state.value,
        message.priority.value,
        message.called,
        to_number(message.expires_at),
        message.show_for,
        to_number(message.shown_at),
        to_number(message.ended_at),
        int(message.has_picture),
        message.look.words,
    )


def to_number(moment: datetime | None) -> int | None:
    """Return microseconds since 1970 of an aware time."""
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


def _to_time(number: int | None) -> datetime | None:
    return None if number is None else _EPOCH + number * _MICROSECOND


def _from_row(row: tuple[Any, ...]) -> Message:
    number, author, text, at, state, priority, called, expires, show_for, shown, ended, *rest = row
    picture, look = rest
    return Message(
        id=number,
        author=author,
        text=text,
        at=_EPOCH + at * _MICROSECOND,
        state=State(state),
        priority=Priority(priority),
        called=called,
        expires_at=_to_time(expires),
        show_for=show_for,
        shown_at=_to_time(shown),
        ended_at=_to_time(ended),
        has_picture=bool(picture),
        look=TextLook.of(look),
    )


def _one(connection: sqlite3.Connection, sql: str, *values: Any) -> Message | None:
    row = connection.execute(sql, values).fetchone()
    return None if row is None else _from_row(row)


def _all(connection: sqlite3.Connection, sql: str, *values: Any) -> tuple[Message, ...]:
    return tuple(_from_row(row) for row in connection.execute(sql, values))
