"""Messages as rows of the table `message`, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from inkstand.messages import Message, Priority, State

COLUMNS = (
    "id, author, text, at, state, priority, called, expires_at, show_for, shown_at, ended_at, "
    "has_picture"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_row(message: Message) -> tuple[Any, ...]:
    """Return the values of COLUMNS."""
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
    )


def from_row(row: tuple[Any, ...]) -> Message:
    """Return the message that the values of COLUMNS make."""
    number, author, text, at, state, priority, called, expires, show_for, shown, ended, picture = (
        row
    )
    return Message(
        id=number,
        author=author,
        text=text,
        at=_EPOCH + at * _MICROSECOND,
        state=State(state),
        priority=Priority(priority),
        called=called,
        expires_at=to_time(expires),
        show_for=show_for,
        shown_at=to_time(shown),
        ended_at=to_time(ended),
        has_picture=bool(picture),
    )


def to_number(moment: datetime | None) -> int | None:
    """Return microseconds since 1970 of an aware time."""
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


def to_time(number: int | None) -> datetime | None:
    """Return the time that to_number() made `number` of, in UTC."""
    return None if number is None else _EPOCH + number * _MICROSECOND
