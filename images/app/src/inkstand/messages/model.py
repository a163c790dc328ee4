"""What a message is."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class State(enum.StrEnum):
    """Where a message is in its life; the first two are open, the others are ends."""

    WAITING = "waiting"  # not on the glass yet, or set aside for an urgent message or a peek
    SHOWN = "shown"  # on the glass, read back from the driver
    READ = "read"  # somebody pressed the button while it was shown, or said that it was read
    EXPIRED = "expired"  # its time was over before that
    DELETED = "deleted"  # its text and picture are gone

    @property
    def open(self) -> bool:
        """Whether the message is on the glass or will be."""
        return self in (State.WAITING, State.SHOWN)


class Priority(enum.StrEnum):
    """Whether a message waits for its turn or is shown at once."""

    NORMAL = "normal"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody asks to be shown.

    `expires_at` is aware; `show_for` is in seconds, None: until the button is pressed; `picture` is
    an encoded picture to show instead of `text`, which then is its name. Two drafts of one author
    with the same `idempotency_key` are the same wish. `sender` is the id of the token that may only
    send, "" when it was the owner.
    """

    author: str
    text: str
    priority: Priority = Priority.NORMAL
    expires_at: datetime | None = None
    show_for: int | None = None
    picture: bytes | None = None
    idempotency_key: str | None = None
    sender: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A draft that was taken in; all times are in UTC.

    Attributes:
        id: From 1 on, greater than that of any message before it, never used again.
        at: When it was taken in.
        called: Greater than that of whatever was to be shown at once before; None: it waits.
        shown_at: When it last came onto the glass.
        ended_at: When it was read, expired or deleted.
        has_picture: Whether the store has a picture for it.
    """

    id: int
    author: str
    text: str
    at: datetime
    state: State = State.WAITING
    priority: Priority = Priority.NORMAL
    called: int | None = None
    expires_at: datetime | None = None
    show_for: int | None = None
    shown_at: datetime | None = None
    ended_at: datetime | None = None
    has_picture: bool = False


def fingerprint(draft: Draft) -> bytes:
    """Return 32 bytes that are the same for drafts that ask for the same."""
    expires = draft.expires_at and draft.expires_at.timestamp()
    parts = (draft.text, str(draft.priority), expires, draft.show_for)
    digest = hashlib.sha256(repr(parts).encode("utf-8"))
    digest.update(draft.picture or b"")
    return digest.digest()
