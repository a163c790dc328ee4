"""What happens to messages, and what is to be on the panel for them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkstand.messages.model import State

if TYPE_CHECKING:
    from datetime import datetime

    from inkstand.messages.model import Message

# What becomes of a message that brokers and webhooks are told.
TOLD = (State.SHOWN, State.READ, State.EXPIRED)


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A message is what it was not before; `previous` is the state it was in, None: it is new."""

    at: datetime
    message: Message
    previous: State | None

    @property
    def is_told(self) -> bool:
        """Whether it has just come onto the glass, was read, or has expired."""
        return self.message.state in TOLD and self.message.state is not self.previous


def told_of(message: Message) -> dict[str, Any]:
    """Return what brokers and webhooks are told of a message, as JSON has it."""
    return {"id": message.id, "text": message.text, "author": message.author}


class ScreenKind(enum.StrEnum):
    """What kind of thing the glass is for at a time."""

    CLOCK = "clock"
    PACK = "pack"
    MESSAGE = "message"
    PICTURE = "picture"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class ScreenState:
    """What is on the glass, or is as soon as the panel has finished.

    `message` is the one that is shown, None for a screen that is none; `page` counts from 1 to
    `pages`. A pack has the `name` that the playlist calls it by. What is shown when there is no
    message does not change before `quiet_until` (aware, None: it is not quiet).
    """

    screen: ScreenKind
    message: Message | None = None
    page: int = 1
    pages: int = 1
    name: str | None = None
    quiet_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScreenChanged:
    """Something else, or another page of it, is to be on the glass from now on."""

    at: datetime
    state: ScreenState
