"""How many messages may be kept, so that whoever may only send cannot take all the room; pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from inkstand.errors import TooManyWaitingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inkstand.messages.model import Draft, Message

MAX_WAITING = 1000
MAX_SCHEDULED = 100


def admit(draft: Draft, most: int, total: int, own: int, what: str = "wait") -> None:
    """Do nothing if `draft` may be kept where `total` are, `own` of the same sender.

    At most `most` may be there. Of these the last tenth is the owner's, and one token that may only
    send has half of them. `what` they do is said to who may not.

    Raises:
        TooManyWaitingError: too many are there already.
    """
    limit = most * 9 // 10 if draft.sender else most
    if total >= limit:
        raise TooManyWaitingError(f"{total} messages {what}")
    if draft.sender and own >= most // 2:
        raise TooManyWaitingError(f"{own} messages of this token {what}")


class Waiting:
    """The open messages and who sent them: the id of a token, "" for the owner.

    At most `most` may be open, shared as admit() says. Who sent what is forgotten when the process
    ends; that they wait is not.
    """

    def __init__(self, most: int, numbers: Iterable[int] = ()) -> None:
        self._most = most
        self._senders: dict[int, str] = {}
        self._counts: Counter[str] = Counter()
        self.set(numbers)

    def set(self, numbers: Iterable[int]) -> None:
        """Take it that the messages with these ids are open, and no others."""
        known = self._senders
        self._senders = {number: known.get(number, "") for number in numbers}
        self._counts = Counter(self._senders.values())

    def admit(self, draft: Draft) -> None:
        """Do nothing if `draft` may become a message.

        Raises:
            TooManyWaitingError: too many are open already.
        """
        admit(draft, self._most, len(self._senders), self._counts[draft.sender])

    def follow(self, message: Message, sender: str = "") -> None:
        """Take note of a new message of `sender`, or of what became of one."""
        if message.state.open:
            if message.id not in self._senders:
                self._senders[message.id] = sender
                self._counts[sender] += 1
        elif message.id in self._senders:
            self._counts[self._senders.pop(message.id)] -= 1
