"""Messages that come later, once or again and again: what is kept, and what comes of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from inkstand.errors import InvalidValueError, MessageStateError
from inkstand.messages import repeat
from inkstand.messages.model import Message, Priority, State
from inkstand.rendering.text import AS_IT_COMES, TextLook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from inkstand.messages.model import Draft

TOLD = 5  # times to come
MAX_SKIPPED = 100
# Who was off for longer is shown what was missed first.
_LOOKED_BACK = timedelta(days=366)
_LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A draft that was taken in to come later; all times are in UTC.

    Attributes:
        id: That of a message, too: the last that comes of it has the same.
        at: When it was taken in.
        start: When it may come first, and the time of day at which it does.
        next_at: When it comes next.
        repeat: The rule as it was sent, None: it comes once.
        skipped: When it is not to come.
        lifetime: How long it is worth showing; None: until it comes again.
        sender: The id of a token that may only send, "" for the owner.
        look: How its text looks on the glass.
    """

    id: int
    author: str
    text: str
    at: datetime
    start: datetime
    next_at: datetime
    repeat: str | None = None
    skipped: frozenset[datetime] = frozenset()
    priority: Priority = Priority.NORMAL
    lifetime: timedelta | None = None
    show_for: int | None = None
    sender: str = ""
    has_picture: bool = False
    look: TextLook = AS_IT_COMES


def accept(draft: Draft, *, number: int, at: datetime, zone: tzinfo) -> Scheduled:
    """Return what a clean `draft` becomes that is taken in at `at` (aware); `number` is its id.

    Raises:
        InvalidValueError: its rule is none, or never comes.
    """
    # People are told whole milliseconds, and name a time that is to be skipped by them.
    start = (draft.show_at or at).astimezone(UTC).replace(microsecond=0)
    made = Scheduled(
        id=number,
        author=draft.author,
        text=draft.text,
        at=at.astimezone(UTC),
        start=start,
        next_at=start,
        repeat=draft.repeat,
        priority=draft.priority,
        lifetime=draft.expires_at - start if draft.expires_at else None,
        show_for=draft.show_for,
        sender=draft.sender,
        has_picture=draft.picture is not None,
        look=draft.look,
    )
    first = next(_times(made, zone), None)
    if first is None:
        raise InvalidValueError("repeat names no day that ever comes")
    return replace(made, next_at=first)


# A rule that comes each 28 years takes a Pi Zero half a second, and all are told at a time.
@lru_cache(maxsize=128)
def upcoming(scheduled: Scheduled, zone: tzinfo) -> tuple[datetime, ...]:
    """Return when it comes next, at most TOLD times."""
    following = islice(_times(scheduled, zone, scheduled.next_at), TOLD - 1)
    return (scheduled.next_at, *following)


def skip(scheduled: Scheduled, moment: datetime, zone: tzinfo) -> Scheduled | None:
    """Return it without the time `moment` (aware), None: it comes no more.

    Raises:
        MessageStateError: that is none of the times to come, or too many are left out already.
    """
    when = moment.astimezone(UTC)
    if when in scheduled.skipped:
        return scheduled
    if when not in upcoming(scheduled, zone):
        raise MessageStateError(f"message {scheduled.id} does not come at that time")
    if len(scheduled.skipped) >= MAX_SKIPPED:
        raise MessageStateError(f"message {scheduled.id} leaves out {MAX_SKIPPED} times already")
    left = replace(scheduled, skipped=scheduled.skipped | {when})
    return left if when > scheduled.next_at else _from(left, when, zone)


def come(scheduled: Scheduled, now: datetime, zone: tzinfo) -> tuple[datetime, Scheduled | None]:
    """Return the last time that has come, of those missed, and what is left, None: nothing is."""
    since = max(scheduled.next_at, now.astimezone(UTC) - _LOOKED_BACK) - timedelta.resolution
    last = scheduled.next_at
    for moment in _times(scheduled, zone, since):
        if moment > now:
            break
        last = moment
    return last, _from(scheduled, now, zone)


def message(
    scheduled: Scheduled, at: datetime, left: Scheduled | None, *, number: int, calls: int
) -> Message:
    """Return the message that comes of it at `at`; when it comes again, as `left` says, it goes.

    `number` and `calls` are those of model.accept().
    """
    again = left.next_at if left else None
    return Message(
        id=number,
        author=scheduled.author,
        text=scheduled.text,
        at=at,
        priority=scheduled.priority,
        called=calls + 1 if scheduled.priority is Priority.URGENT else None,
        expires_at=_ends_at(scheduled, at) or again,
        show_for=scheduled.show_for,
        has_picture=scheduled.has_picture,
        look=scheduled.look,
    )


def as_message(scheduled: Scheduled, zone: tzinfo) -> Message:
    """Return what people are told of it while it is still to come."""
    return Message(
        id=scheduled.id,
        author=scheduled.author,
        text=scheduled.text,
        at=scheduled.at,
        state=State.SCHEDULED,
        priority=scheduled.priority,
        expires_at=_ends_at(scheduled, scheduled.next_at),
        show_for=scheduled.show_for,
        has_picture=scheduled.has_picture,
        look=scheduled.look,
        repeat=scheduled.repeat,
        upcoming=upcoming(scheduled, zone),
    )


def _ends_at(scheduled: Scheduled, at: datetime) -> datetime | None:
    if scheduled.lifetime is None:
        return None
    # What comes again ends later each time, and the calendar has an end.
    return at + min(scheduled.lifetime, _LAST_MOMENT - at)


def _from(scheduled: Scheduled, after: datetime, zone: tzinfo) -> Scheduled | None:
    """Return it as it is when all up to `after` have passed, None: it has ended."""
    following = next(_times(scheduled, zone, after), None)
    if following is None:
        return None
    left = frozenset(moment for moment in scheduled.skipped if moment > following)
    return replace(scheduled, next_at=following, skipped=left)


def _times(scheduled: Scheduled, zone: tzinfo, after: datetime | None = None) -> Iterator[datetime]:
    """Yield when it comes, later than `after` and not skipped."""
    if scheduled.repeat is None:
        times = iter([scheduled.start] if after is None or after < scheduled.start else [])
    else:
        times = repeat.occurrences(repeat.parse(scheduled.repeat), scheduled.start, zone, after)
    return (moment for moment in times if moment not in scheduled.skipped)
