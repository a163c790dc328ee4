"""The steps in the life of a message: each takes a message and returns what it becomes. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from inkstand.errors import MessageStateError
from inkstand.messages.model import Draft, Message, Priority, State


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
    )


def show(message: Message, at: datetime) -> Message:
    """Return an open message that is on the glass since `at`; one that was there stays as it is.

    Raises:
        MessageStateError: it is not open.
    """
    if message.state is State.SHOWN:
        return message
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
    return replace(
        message, state=State.DELETED, text="", has_picture=False, ended_at=at.astimezone(UTC)
    )


def recall(message: Message, calls: int) -> Message:
    """Return a message that is to be shown at once, again; `expires_at` counts no more.

    `calls` is the greatest `called` that was given so far.

    Raises:
        MessageStateError: it was deleted.
    """
    if message.state is State.DELETED:
        raise MessageStateError(f"message {message.id} was deleted and cannot be shown again")
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
