"""Messages kept until the process ends."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inkstand.storage import Message

_MOST = 100


class MemoryStore:
    """Keeps the last hundred messages in memory."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque(maxlen=_MOST)

    async def add(self, message: Message) -> None:
        """Keep `message` until the process ends."""
        self._messages.append(message)

    async def latest(self) -> Message | None:
        """Return the message that was added last."""
        return self._messages[-1] if self._messages else None
