"""Messages kept until the process ends."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Self

from inkstand.errors import IdempotencyConflictError, MessageNotFoundError
from inkstand.messages import State, fingerprint, lifecycle, queue
from inkstand.storage import ENDS, VISIBLE, Added, Changed, Page
from inkstand.storage.waiting import MAX_WAITING, Waiting

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from types import TracebackType

    from inkstand.messages import Draft, Message
    from inkstand.storage import Change


class MemoryStore:
    """Keeps messages in memory."""

    def __init__(self, max_waiting: int = MAX_WAITING) -> None:
        self.calls = 0
        self._waiting = Waiting(max_waiting)
        self._last = 0
        self._messages: dict[int, Message] = {}
        self._pictures: dict[int, bytes] = {}
        self._keys: dict[tuple[str, str | None], tuple[int, bytes]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to close; what was kept can still be read."""

    async def add(self, draft: Draft, at: datetime) -> Added:
        """Keep `draft` until the process ends."""
        draft = lifecycle.clean(draft)
        known = self._keys.get((draft.author, draft.idempotency_key))
        if known is None:
            return Added(self._create(draft, at), created=True)
        number, mark = known
        if mark != fingerprint(draft):
            raise IdempotencyConflictError
        return Added(self._messages[number], created=False)

    async def change(self, *changes: Change) -> tuple[Changed, ...]:
        """Take all steps or none, each on another message, and return what came of them."""
        old = [self._find(change.number) for change in changes]
        made = tuple(Changed(m, change.step(m)) for m, change in zip(old, changes, strict=True))
        for changed in made:
            self._keep(changed.after)
        return made

    async def prune(self, *, before: datetime, keep: int) -> int:
        """Forget messages that ended before `before`, and all ended ones but the newest `keep`."""
        ended = [m for m in reversed(self._messages.values()) if m.state in ENDS]
        newest = {message.id for message in ended[:keep]}
        old = [m.id for m in ended if m.id not in newest or (m.ended_at and m.ended_at < before)]
        for number in old:
            del self._messages[number]
            self._pictures.pop(number, None)
        self._keys = {key: known for key, known in self._keys.items() if known[0] in self._messages}
        return len(old)

    async def get(self, number: int) -> Message:
        """Return the message with the id `number`."""
        return self._find(number)

    async def picture(self, number: int) -> bytes | None:
        """Return the encoded picture of the message `number`, None if it has none."""
        return self._pictures.get(number)

    async def page(
        self, *, before: int | None = None, limit: int = 50, states: Collection[State] = VISIBLE
    ) -> Page:
        """Return at most `limit` messages in one of `states`, with ids below `before`."""
        found = [
            message
            for message in reversed(self._messages.values())
            if message.state in states and (before is None or message.id < before)
        ]
        return Page(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)

    async def wanted(self) -> Message | None:
        """Return the message that is to be on the glass."""
        return queue.wanted(self._messages.values())

    async def shown(self) -> tuple[Message, ...]:
        """Return the messages that are on the glass: one, or none."""
        return tuple(m for m in self._messages.values() if m.state is State.SHOWN)

    async def last_shown(self) -> Message | None:
        """Return the message that came onto the glass last and was not deleted."""
        seen = (m for m in self._messages.values() if m.shown_at and m.state in VISIBLE)
        return max(seen, key=lambda message: (message.shown_at, message.id), default=None)

    async def due(self, now: datetime) -> tuple[Message, ...]:
        """Return the open messages whose time is over at `now` (aware), oldest first."""
        return queue.due(self._messages.values(), now)

    async def deadline(self) -> datetime | None:
        """Return when the first of the open messages expires."""
        return queue.deadline(self._messages.values())

    async def probe(self) -> None:
        """Do nothing: memory can be written."""

    async def counts(self) -> Mapping[State, int]:
        """Return how many messages there are in each state."""
        counted = Counter(message.state for message in self._messages.values())
        return {state: counted[state] for state in State}

    def _find(self, number: int) -> Message:
        try:
            return self._messages[number]
        except KeyError:
            raise MessageNotFoundError(number) from None

    def _create(self, draft: Draft, at: datetime) -> Message:
        self._waiting.admit(draft)
        self._last += 1
        message = lifecycle.accept(draft, number=self._last, at=at, calls=self.calls)
        self._waiting.follow(message, draft.sender)
        self._keep(message)
        if draft.picture is not None:
            self._pictures[message.id] = draft.picture
        if draft.idempotency_key is not None:
            self._keys[draft.author, draft.idempotency_key] = (message.id, fingerprint(draft))
        return message

    def _keep(self, message: Message) -> None:
        self._messages[message.id] = message
        self._waiting.follow(message)
        self.calls = max(self.calls, message.called or 0)
        if not message.has_picture:
            self._pictures.pop(message.id, None)
