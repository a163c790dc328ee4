"""From the edges of a button to what somebody meant. Pure: no clock, no input or output.

Ticks are microseconds modulo 2**32, as pigpiod counts them; two that are compared are less than
half an hour apart, or the machine has been told to expire in between.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from inkstand.events import Gesture

_TICKS = 1 << 32


@dataclass(frozen=True, slots=True)
class Timing:
    """Which gestures there are, in microseconds; None: that one is not looked for.

    With neither, a press counts the moment the button goes down. `long_after`: how long it is
    held; a short press then counts when it is released. `double_within`: from the release to the
    second press; a short press then counts only when that time is over.
    """

    long_after: int | None = None
    double_within: int | None = None


class _State(enum.Enum):
    UP = enum.auto()
    DOWN = enum.auto()
    RELEASED = enum.auto()  # after one press, and a second may follow
    SPENT = enum.auto()  # down, and it was reported already


class GestureMachine:
    """Fed with edges, it says which gestures they complete.

    Whoever feeds it also calls expire() when due_in() has passed with no edge.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._state = _State.UP
        self._since = 0

    @property
    def pressed(self) -> bool:
        """Whether the button is down, as far as the edges tell."""
        return self._state in {_State.DOWN, _State.SPENT}

    def reset(self, *, pressed: bool) -> None:
        """Forget what happened; a button that is down now means nothing until it is up."""
        self._state = _State.SPENT if pressed else _State.UP

    def edge(self, tick: int, *, pressed: bool) -> tuple[Gesture, ...]:
        """Return the gestures that are complete because the button went down or up at `tick`.

        An edge to where the button is already changes nothing.
        """
        overdue = self.expire(tick)
        if pressed == self.pressed:
            return overdue
        return (*overdue, *(self._down(tick) if pressed else self._up(tick)))

    def due_in(self, tick: int) -> int | None:
        """Return the microseconds from `tick` to when expire() has something to say, or None."""
        limit = self._limit()
        return None if limit is None else max(0, limit - _elapsed(self._since, tick))

    def expire(self, tick: int) -> tuple[Gesture, ...]:
        """Return the gesture that is complete because nothing happened until `tick`."""
        limit = self._limit()
        if limit is None or _elapsed(self._since, tick) < limit:
            return ()
        if self._state is _State.DOWN:
            return self._go(_State.SPENT, tick, Gesture.LONG)
        return self._go(_State.UP, tick, Gesture.SHORT)

    def _limit(self) -> int | None:
        if self._state is _State.DOWN:
            return self._timing.long_after
        return self._timing.double_within if self._state is _State.RELEASED else None

    def _down(self, tick: int) -> tuple[Gesture, ...]:
        if self._state is _State.RELEASED:
            return self._go(_State.SPENT, tick, Gesture.DOUBLE)
        if self._timing == Timing():
            return self._go(_State.SPENT, tick, Gesture.SHORT)
        return self._go(_State.DOWN, tick)

    def _up(self, tick: int) -> tuple[Gesture, ...]:
        if self._state is _State.SPENT:
            return self._go(_State.UP, tick)
        if self._timing.double_within is not None:
            return self._go(_State.RELEASED, tick)
        return self._go(_State.UP, tick, Gesture.SHORT)

    def _go(self, state: _State, tick: int, *gestures: Gesture) -> tuple[Gesture, ...]:
        self._state, self._since = state, tick
        return gestures


def _elapsed(since: int, tick: int) -> int:
    """Return the microseconds from `since` to `tick`, negative when that one is earlier."""
    return (tick - since + _TICKS // 2) % _TICKS - _TICKS // 2
