"""What a run was like, out of what was sent and what was seen on the glass. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds; a message that waits longer for the glass had trouble.
PATIENCE = 1.5
# What was being drawn when it was read still comes: after a power cut, say, nobody knows what is on
# the glass, and a message that was on it is drawn again.
_DRAWN = 1.0


@dataclass
class Sent:
    """A message: when it was sent first, when that was answered with 2xx, and in how many tries.

    A try to read it that nobody answers is one more.

    Times are in seconds of one clock; `accepted` is None as long as nobody has answered.
    """

    begun: float
    accepted: float | None = None
    tries: int = 0


@dataclass
class Trail:
    """What happened in a run. Messages are numbered from 1 in the order of their sending.

    `seen` is what was on the glass, one after the other: None for what is no message. `read` says
    when it was answered that a message was read, which clears it from the glass.
    """

    sent: dict[int, Sent] = field(default_factory=dict)
    seen: list[tuple[float, int | None]] = field(default_factory=list)
    read: dict[int, float] = field(default_factory=dict)

    def see(self, at: float, number: int | None) -> None:
        """Note what is on the glass, if it is something else than before."""
        if not self.seen or self.seen[-1][1] != number:
            self.seen.append((at, number))

    def copy(self) -> Trail:
        """Return it as it is now, for who looks at it while it goes on."""
        return Trail(dict(self.sent), list(self.seen), dict(self.read))

    @property
    def on_glass(self) -> int | None:
        """The message that is on the glass."""
        return self.seen[-1][1] if self.seen else None

    def first_seen(self, number: int) -> float | None:
        """Return when a message came onto the glass first; None if it never did."""
        return next((at for at, it in self.seen if it == number), None)

    def served(self, number: int) -> float | None:
        """Return when a message was answered, on the glass, and read, all three."""
        accepted, seen, read = (
            self.sent[number].accepted,
            self.first_seen(number),
            self.read.get(number),
        )
        return None if accepted is None or seen is None or read is None else max(accepted, read)


@dataclass(frozen=True)
class Verdict:
    """How long nobody was served (None: to the end), and messages that something was wrong with."""

    seconds: float | None
    lost: tuple[int, ...] = ()
    twice: tuple[int, ...] = ()
    disordered: tuple[int, ...] = ()


def judge(trail: Trail, since: float, patience: float = PATIENCE) -> Verdict:
    """Judge a run in which a fault began, or what made it was over, at `since`."""
    return Verdict(
        seconds=outage(trail, since, patience),
        lost=tuple(_lost(trail)),
        twice=tuple(sorted(set(_twice(trail)))),
        disordered=tuple(_disordered(trail)),
    )


def outage(trail: Trail, since: float, patience: float = PATIENCE) -> float | None:
    """Return after how many seconds the last message that had trouble was served.

    Without trouble: when the first one was. None if one was not served at all, or none was sent.
    """
    served = {number: trail.served(number) for number in trail.sent}
    later = {number: at for number, at in served.items() if at is None or at >= since}
    if not later or None in later.values():
        return None
    waits = {number: at - since for number, at in later.items() if at is not None}
    troubled = [wait for it, wait in waits.items() if _troubled(trail, it, since, patience)]
    return max(troubled, default=min(waits.values()))


def waits(trail: Trail, begun: float, ended: float) -> tuple[list[float], list[float]]:
    """Return how long messages that were sent in a time waited for their answer, and the glass.

    One that never came is left out: it is lost.
    """
    sent = {number: it for number, it in trail.sent.items() if begun <= it.begun <= ended}
    seen = {number: at for number in sent if (at := trail.first_seen(number)) is not None}
    return (
        [it.accepted - it.begun for it in sent.values() if it.accepted is not None],
        [at - sent[number].begun for number, at in seen.items()],
    )


def served_in_a_row(trail: Trail, since: float, now: float, patience: float = PATIENCE) -> int:
    """Return how many messages in a row were served without trouble, up to now.

    Those that have been on their way for no longer than that takes do not count.
    """
    count = 0
    for number, sent in reversed(trail.sent.items()):
        if sent.begun < since or _troubled(trail, number, since, patience, now):
            break
        count += trail.served(number) is not None
    return count


def _troubled(
    trail: Trail, number: int, since: float, patience: float, now: float | None = None
) -> bool:
    """Tell whether it took more than one try, or too long; `now` is for those on their way."""
    sent, served = trail.sent[number], trail.served(number)
    end = now if served is None else served
    return sent.tries > 1 or end is None or end - max(sent.begun, since) > patience


def _lost(trail: Trail) -> Iterator[int]:
    for number, sent in trail.sent.items():
        if sent.accepted is not None and trail.first_seen(number) is None:
            yield number


def _twice(trail: Trail) -> Iterator[int]:
    """Yield what came back after another message, or some time after it was read."""
    shown: list[int] = []
    for at, number in trail.seen:
        if number is None:
            continue
        if number in shown and (shown[-1] != number or at > trail.read.get(number, at) + _DRAWN):
            yield number
        shown.append(number)


def _disordered(trail: Trail) -> Iterator[int]:
    """Yield what came onto the glass for the first time after one that was sent later."""
    highest = 0
    for number in dict.fromkeys(it for _, it in trail.seen if it is not None):
        if number < highest:
            yield number
        highest = max(highest, number)


def doubled(kept: list[str]) -> list[str]:
    """Return which texts are in a history more than once."""
    return sorted(text for text, times in Counter(kept).items() if times > 1)
