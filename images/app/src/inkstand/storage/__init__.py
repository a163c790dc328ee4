"""Messages and where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """What `author` wants on the glass; `at` (aware) is when it was taken in."""

    text: str
    author: str
    at: datetime


class Store(Protocol):
    """Keeps messages."""

    async def add(self, message: Message) -> None:
        """Keep `message`; it is safe when this returns."""
        ...

    async def latest(self) -> Message | None:
        """Return the message that was added last."""
        ...
