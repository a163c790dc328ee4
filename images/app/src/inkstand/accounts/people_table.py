"""People, invitations, guests and the owner's own password as rows, in the database of the tokens.

An Inkstand of before there were people leaves these tables alone: there only the owner logs in,
by the password of the settings.
"""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

from inkstand.accounts.model import Guest, Invitation, Person, Role
from inkstand.errors import InvitationNotFoundError

if TYPE_CHECKING:
    import sqlite3

_TABLES = """
    BEGIN IMMEDIATE;
    CREATE TABLE person (
        name TEXT PRIMARY KEY,
        role TEXT NOT NULL CHECK (role IN ('viewer', 'sender', 'admin')),
        password_hash TEXT NOT NULL,
        created INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE invitation (
        digest TEXT PRIMARY KEY,
        role TEXT NOT NULL CHECK (role IN ('viewer', 'sender', 'admin')),
        name TEXT NOT NULL,
        expires INTEGER NOT NULL,
        maker TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE guest (
        digest TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        expires INTEGER NOT NULL,
        a_day INTEGER NOT NULL,
        maker TEXT NOT NULL,
        day TEXT NOT NULL,
        sent INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE owner_password (
        instead_of TEXT PRIMARY KEY,
        password_hash TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    COMMIT;
"""


def migrate(connection: sqlite3.Connection) -> None:
    """Make the tables, unless they are there: where they are, nothing is written."""
    known = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'owner_password'")
    if known.fetchone() is None:
        connection.executescript(_TABLES)


def load_people(connection: sqlite3.Connection) -> tuple[Person, ...]:
    """Return all who were invited and came, oldest first."""
    rows = connection.execute(
        "SELECT name, role, password_hash, created FROM person ORDER BY created, name"
    )
    return tuple(
        Person(name=name, role=Role(role), password_hash=password_hash, created=created)
        for name, role, password_hash, created in rows
    )


def add_person(connection: sqlite3.Connection, person: Person, digest: str) -> None:
    """Keep a new person, whose invitation is used by that.

    Raises:
        InvitationNotFoundError: it was used before.
    """
    if not connection.execute("DELETE FROM invitation WHERE digest = ?", (digest,)).rowcount:
        raise InvitationNotFoundError
    connection.execute(
        "INSERT INTO person VALUES (?, ?, ?, ?)",
        (person.name, str(person.role), person.password_hash, person.created),
    )


def change_person(connection: sqlite3.Connection, person: Person) -> None:
    """Keep the role and the password of somebody; who is gone stays so."""
    connection.execute(
        "UPDATE person SET role = ?, password_hash = ? WHERE name = ?",
        (str(person.role), person.password_hash, person.name),
    )


def remove_person(connection: sqlite3.Connection, name: str) -> None:
    """Drop a person."""
    connection.execute("DELETE FROM person WHERE name = ?", (name,))


def owner_passwords(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the hash that the owner chose, by that of the settings which it counts instead of."""
    return dict(connection.execute("SELECT instead_of, password_hash FROM owner_password"))


def set_owner_password(
    connection: sqlite3.Connection, given: str, password_hash: str | None
) -> None:
    """Keep what counts instead of `given`, and forget what was instead of any other."""
    connection.execute("DELETE FROM owner_password")
    if password_hash is not None:
        connection.execute("INSERT INTO owner_password VALUES (?, ?)", (given, password_hash))


def load_invitations(connection: sqlite3.Connection) -> tuple[Invitation, ...]:
    """Return all invitations, the first to end first."""
    rows = connection.execute(
        "SELECT digest, role, name, expires, maker FROM invitation ORDER BY expires, digest"
    )
    return tuple(
        Invitation(digest=digest, role=Role(role), name=name, expires=expires, maker=maker)
        for digest, role, name, expires, maker in rows
    )


def add_invitation(connection: sqlite3.Connection, new: Invitation, now: int) -> None:
    """Keep a new invitation, and drop those that have ended."""
    connection.execute("DELETE FROM invitation WHERE expires <= ?", (now,))
    connection.execute(
        "INSERT INTO invitation VALUES (?, ?, ?, ?, ?)",
        (new.digest, str(new.role), new.name, new.expires, new.maker),
    )


def remove_invitation(connection: sqlite3.Connection, digest: str) -> None:
    """Drop an invitation."""
    connection.execute("DELETE FROM invitation WHERE digest = ?", (digest,))


def load_guests(connection: sqlite3.Connection) -> tuple[Guest, ...]:
    """Return all links for guests, the first to end first."""
    rows = connection.execute(
        "SELECT digest, name, expires, a_day, maker, day, sent FROM guest ORDER BY expires, digest"
    )
    return tuple(
        Guest(
            digest=digest, name=name, expires=expires, a_day=a_day, maker=maker, day=day, sent=sent
        )
        for digest, name, expires, a_day, maker, day, sent in rows
    )


def add_guest(connection: sqlite3.Connection, new: Guest, now: int) -> None:
    """Keep a new link for a guest, and drop those that have ended."""
    connection.execute("DELETE FROM guest WHERE expires <= ?", (now,))
    connection.execute("INSERT INTO guest VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(new))


def use_guest(connection: sqlite3.Connection, guest: Guest) -> None:
    """Keep how often a link was used today; one that is gone stays so."""
    connection.execute(
        "UPDATE guest SET day = ?, sent = ? WHERE digest = ?", (guest.day, guest.sent, guest.digest)
    )


def remove_guest(connection: sqlite3.Connection, digest: str) -> None:
    """Drop a link for a guest."""
    connection.execute("DELETE FROM guest WHERE digest = ?", (digest,))
