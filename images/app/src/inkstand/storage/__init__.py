"""Where messages are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from inkstand.messages import State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime
    from types import TracebackType

    from inkstand.messages import Draft, Message

# What a history shows unless it is asked for more.
VISIBLE = frozenset(State) - {State.DELETED}
ENDS = frozenset(state for state in State if not state.open)


@dataclass(frozen=True, slots=True)
class Added:
    """The message of a draft; `created` is False when an idempotency key came again."""

    message: Message
    created: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A step to take with the message `number`; `step` is pure and may refuse by raising."""

    number: int
    step: Callable[[Message], Message]


@dataclass(frozen=True, slots=True)
class Changed:
    """What a step made of a message; equal when there was nothing to do."""

    before: Message
    after: Message


@dataclass(frozen=True, slots=True)
class Page:
    """Messages, newest first; `next` is what to ask for to go on, None at the end."""

    messages: tuple[Message, ...]
    next: int | None


class Store(Protocol):
    """Keeps messages; an async context manager, to be used within one event loop.

    Every method raises StorageError when messages cannot be read or written, and StorageFullError
    when there is no room. What changes something is safe when it returns, whatever happens next.
    """

    @property
    def calls(self) -> int:
        """The greatest `called` that a message has or had, 0 if none."""
        ...

    async def __aenter__(self) -> Self:
        """Open it.

        Raises:
            StorageUnavailableError: it cannot be opened.
        """
        ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what was asked for, and close it."""
        ...

    async def add(self, draft: Draft, at: datetime) -> Added:
        """Keep `draft`, taken in at `at` (aware); ids follow the order of the calls.

        Raises:
            IdempotencyConflictError: its key was used by its author for another message.
        """
        ...

    async def change(self, *changes: Change) -> tuple[Changed, ...]:
        """Take all steps or none, each on another message, and return what came of them.

        Raises:
            MessageNotFoundError: there is no such message.
            MessageStateError: a step refused.
        """
        ...

    async def prune(self, *, before: datetime, keep: int) -> int:
        """Forget messages that ended before `before`, and all ended ones but the newest `keep`.

        Returns how many that were.
        """
        ...

    async def get(self, number: int) -> Message:
        """Return the message with the id `number`.

        Raises:
            MessageNotFoundError: there is none.
        """
        ...

    async def picture(self, number: int) -> bytes | None:
        """Return the encoded picture of the message `number`, None if it has none."""
        ...

    async def page(
        self, *, before: int | None = None, limit: int = 50, states: Collection[State] = VISIBLE
    ) -> Page:
        """Return at most `limit` messages in one of `states`, with ids below `before`."""
        ...

    async def wanted(self) -> Message | None:
        """Return the message that is to be on the glass, see messages.queue.wanted."""
        ...

    async def shown(self) -> tuple[Message, ...]:
        """Return the messages that are on the glass: one, or none."""
        ...

    async def last_shown(self) -> Message | None:
        """Return the message that came onto the glass last and was not deleted."""
        ...

    async def due(self, now: datetime) -> tuple[Message, ...]:
        """Return the open messages whose time is over at `now` (aware), oldest first."""
        ...

    async def deadline(self) -> datetime | None:
        """Return when the first of the open messages expires."""
        ...

    async def probe(self) -> None:
        """Do nothing if messages can be read and written; writes only when the last write failed.

        Raises:
            StorageError: they cannot be, or nobody knows after two seconds.
        """
        ...

    async def counts(self) -> Mapping[State, int]:
        """Return how many messages there are in each state."""
        ...
