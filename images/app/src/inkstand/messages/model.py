"""What a message is, and the steps of its life, which return what it becomes. Pure."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from inkstand.errors import MessageStateError
from inkstand.rendering.text import AS_IT_COMES, TextLook


class State(enum.StrEnum):
    """Where a message is in its life; the first two are open, the next three are ends."""

    WAITING = "waiting"  # not on the glass yet, or set aside for an urgent message or a peek
    SHOWN = "shown"  # on the glass, read back from the driver
    READ = "read"  # somebody pressed the button while it was shown, or said that it was read
    EXPIRED = "expired"  # its time was over before that
    DELETED = "deleted"  # its text and picture are gone
    SCHEDULED = "scheduled"  # it comes later, once or again and again

    @property
    def open(self) -> bool:
        """Whether the message is on the glass or waits for it."""
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
    with the same `idempotency_key` are the same request. `sender` is the id of the token that may
    only send, "" when it was the owner. With `show_at` (aware) or `repeat`, a rule, it comes later.
    `look` is how the text looks on the glass.
    """

    author: str
    text: str
    priority: Priority = Priority.NORMAL
    expires_at: datetime | None = None
    show_for: int | None = None
    picture: bytes | None = None
    idempotency_key: str | None = None
    sender: str = ""
    show_at: datetime | None = None
    repeat: str | None = None
    look: TextLook = AS_IT_COMES

    @property
    def later(self) -> bool:
        """Whether it comes later."""
        return self.show_at is not None or self.repeat is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A draft that was taken in; all times are in UTC.

    Attributes:
        id: From 1 on, greater than that of any message before it, never used again.
        at: When it was taken in; of what was to come later, when that was.
        called: Greater than that of whatever was to be shown at once before; None: it waits.
        shown_at: When it last came onto the glass.
        ended_at: When it was read, expired or deleted.
        has_picture: Whether the store has a picture for it.
        repeat: By which rule a scheduled one comes again.
        upcoming: When a scheduled one comes next.
        look: How its text looks on the glass.
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
    repeat: str | None = None
    upcoming: tuple[datetime, ...] = ()
    look: TextLook = AS_IT_COMES


@dataclass(frozen=True, slots=True)
class Changed:
    """What a step made of a message; equal when there was nothing to do, before None: it is new."""

    before: Message | None
    after: Message


def fingerprint(draft: Draft) -> bytes:
    """Return 32 bytes that are the same for drafts that ask for the same."""
    expires = draft.expires_at and draft.expires_at.timestamp()
    parts = (draft.text, str(draft.priority), expires, draft.show_for)
    later = (draft.show_at and draft.show_at.timestamp(), draft.repeat) if draft.later else ()
    look = (draft.look.words,) if draft.look.words else ()
    digest = hashlib.sha256(repr(parts + later + look).encode("utf-8"))
    digest.update(draft.picture or b"")
    return digest.digest()


def clean(draft: Draft) -> Draft:
    """Return `draft` with texts that every encoding has.

    JSON can name halves of surrogate pairs alone; each becomes a replacement character.
    """
    key = draft.idempotency_key
    return replace(
        draft,
        author=_storable(draft.author),
        text=_storable(draft.text),
        idempotency_key=key if key is None else _storable(key),
    )


def accept(draft: Draft, *, number: int, at: datetime, calls: int) -> Message:
    """Return the message that a clean `draft`, taken in at `at` (aware), becomes.

    `number` is its id; `calls` is the greatest `called` that was given so far.
    """
    return Message(
        id=number,
        author=draft.author,
        text=draft.text,
        at=at.astimezone(UTC),
        priority=draft.priority,
        called=calls + 1 if draft.priority is Priority.URGENT else None,
        expires_at=draft.expires_at and draft.expires_at.astimezone(UTC),
        show_for=draft.show_for,
        has_picture=draft.picture is not None,
        look=draft.look,
    )


def show(message: Message, at: datetime) -> Message:
    """Return an open message that is on the glass since `at`; one that was there stays as it is.

    But when that was after `at`, the clock was set back, and its time begins anew.

    Raises:
        MessageStateError: it is not open.
    """
    was_there = message.state is State.SHOWN
    if was_there and (message.shown_at is None or message.shown_at <= at):
        return message
    if not was_there:
        _require(message, "shown", State.WAITING)
    return replace(message, state=State.SHOWN, shown_at=at.astimezone(UTC))


def set_aside(message: Message) -> Message:
    """Return a shown message that waits again, because another one took its place."""
    if message.state is not State.SHOWN:
        return message
    return replace(message, state=State.WAITING)


def acknowledge(message: Message, at: datetime) -> Message:
    """Return a shown message that somebody has read.

    Raises:
        MessageStateError: it is not on the glass.
    """
    _require(message, "read", State.SHOWN)
    return replace(message, state=State.READ, ended_at=at.astimezone(UTC))


def expire(message: Message, now: datetime) -> Message:
    """Return an open message as expired if its time is over; others stay as they are."""
    return give_up(message, now) if is_over(message, now) else message


def give_up(message: Message, at: datetime) -> Message:
    """Return an open message as expired, whatever its time; one that has ended stays as it is."""
    if not message.state.open:
        return message
    return replace(message, state=State.EXPIRED, ended_at=at.astimezone(UTC))


def delete(message: Message, at: datetime) -> Message:
    """Return what is kept of a message that somebody took back: everything but its content."""
    if message.state is State.DELETED:
        return message
    gone = replace(message, state=State.DELETED, text="", has_picture=False, repeat=None)
    return replace(gone, upcoming=(), ended_at=at.astimezone(UTC))


def recall(message: Message, calls: int) -> Message:
    """Return a message that is to be shown at once, again; `expires_at` counts no more.

    `calls` is the greatest `called` that was given so far.

    Raises:
        MessageStateError: it was deleted, or comes later.
    """
    if message.state is State.DELETED:
        raise MessageStateError(f"message {message.id} was deleted and cannot be shown again")
    if message.state is State.SCHEDULED:
        raise MessageStateError(f"message {message.id} comes later; send it anew to show it now")
    state = State.SHOWN if message.state is State.SHOWN else State.WAITING
    return replace(message, state=state, called=calls + 1, expires_at=None, ended_at=None)


def ends_at(message: Message) -> datetime | None:
    """Return when an open message expires, as far as that is known; None for never."""
    if not message.state.open:
        return None
    ends = [end for end in (message.expires_at, _leaves_glass_at(message)) if end is not None]
    return min(ends, default=None)


def is_over(message: Message, now: datetime) -> bool:
    """Return whether an open message has to expire, at `now` (aware)."""
    end = ends_at(message)
    return end is not None and end <= now.astimezone(UTC)


def _leaves_glass_at(message: Message) -> datetime | None:
    if message.state is not State.SHOWN or message.shown_at is None or message.show_for is None:
        return None
    return message.shown_at + timedelta(seconds=message.show_for)


def _require(message: Message, what: str, state: State) -> None:
    if message.state is not state:
        raise MessageStateError(f"message {message.id} is {message.state}, it cannot become {what}")


def _storable(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
