"""Which message is to be on the glass, and which have to go: what the store has to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkstand.messages import model
from inkstand.messages.model import Message, State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


def wanted(messages: Iterable[Message]) -> Message | None:
    """Return the open message that is to be on the glass, None when there is no open one.

    What was called last comes first (urgent messages, and those to be shown again), then what is
    on the glass already, then what waits longest.
    """
    return min((message for message in messages if message.state.open), key=_turn, default=None)


def due(messages: Iterable[Message], now: datetime) -> tuple[Message, ...]:
    """Return the open messages whose time is over at `now` (aware), oldest first."""
    over = (message for message in messages if model.is_over(message, now))
    return tuple(sorted(over, key=lambda message: message.id))


def deadline(messages: Iterable[Message]) -> datetime | None:
    """Return when the first of the open messages expires, None when none does."""
    ends = (model.ends_at(message) for message in messages)
    return min((end for end in ends if end is not None), default=None)


def _turn(message: Message) -> tuple[int, bool, int]:
    if message.called is not None:
        return (-message.called, False, -message.id)
    return (0, message.state is not State.SHOWN, message.id)
