"""What Inkstand wants of a button, and what all buttons tell in the same way."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from inkstand.button.gesture import GestureMachine, Timing
from inkstand.events import ButtonChanged, ButtonPressed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from inkstand.clock import Clock
    from inkstand.events import Gesture, Hub

_LOG = logging.getLogger(__name__)
OK = "ok"
NOT_WATCHED = "it is not watched"
# An edge needs some time from the line to here; a timer must not run ahead of it.
_GRACE = 0.02
# How often a button that is said to be down is looked at, in microseconds.
_LOOK_AGAIN = 2_000_000


class Button(Protocol):
    """Something to press. While it runs, the hub gets ButtonPressed and ButtonChanged."""

    @property
    def state(self) -> str:
        """`ok`, or one sentence that says why nobody can press it."""
        ...

    async def run(self) -> None:
        """Watch the button until cancelled; comes back by itself from whatever is lost."""
        ...


class NoButton:
    """The button of an appliance that has none."""

    state = OK

    async def run(self) -> None:
        """Wait until cancelled."""
        await asyncio.get_running_loop().create_future()


class Reporter:
    """Tells the hub and the log what a button does; to be used in the event loop's thread.

    `is_pressed` asks the line itself, and raises OSError when it cannot: a kernel may drop the edge
    of a release, and then nothing but the level tells a long press from a short one.
    """

    def __init__(
        self,
        clock: Clock,
        hub: Hub,
        timing: Timing,
        is_pressed: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self.state = NOT_WATCHED
        self._clock = clock
        self._hub = hub
        self._machine = GestureMachine(timing)
        self._is_pressed = is_pressed
        self._timer: asyncio.TimerHandle | None = None
        self._look: asyncio.Task[None] | None = None
        self._troubled = False

    def start_from(self, *, pressed: bool) -> None:
        """Forget what happened; the button is known to be up or down now."""
        self._machine.reset(pressed=pressed)
        self._set_timer(0)

    def edge(self, tick: int, *, pressed: bool) -> None:
        """The button went down or up at `tick`, in µs modulo 2**32."""
        self._publish(self._machine.edge(tick, pressed=pressed))
        self._set_timer(tick)

    def works(self) -> None:
        """The button can be read."""
        if self.state != OK:
            _LOG.info("the button can be pressed")
            self._hub.publish(ButtonChanged(self._clock.now(), None))
        self.state, self._troubled = OK, False

    def fails(self, reason: str) -> None:
        """The button cannot be read; logged at the first of several reasons in a row."""
        self.start_from(pressed=False)
        if not self._troubled:
            _LOG.warning("the button cannot be pressed: %s", reason)
            self._hub.publish(ButtonChanged(self._clock.now(), reason))
        self.state, self._troubled = reason, True

    def stops(self) -> None:
        """Nobody watches the button any more."""
        self.start_from(pressed=False)
        self.state, self._troubled = NOT_WATCHED, False

    def _publish(self, gestures: tuple[Gesture, ...]) -> None:
        for gesture in gestures:
            self._hub.publish(ButtonPressed(self._clock.now(), gesture))

    def _set_timer(self, tick: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._look is not None:
            self._look.cancel()
        self._timer, self._look = None, None
        wait = self._machine.due_in(tick)
        if wait is None and self._machine.pressed and self._is_pressed is not None:
            wait = _LOOK_AGAIN
        if wait is not None:
            delay = wait / 1e6 + _GRACE
            due = tick + wait
            self._timer = asyncio.get_running_loop().call_later(delay, self._expire, due)

    def _expire(self, tick: int) -> None:
        self._timer = None
        if self._machine.pressed and self._is_pressed is not None:
            self._look = asyncio.create_task(self._look_again(tick, self._is_pressed))
        else:
            self._publish(self._machine.expire(tick))

    async def _look_again(self, tick: int, is_pressed: Callable[[], Awaitable[bool]]) -> None:
        try:
            pressed = await is_pressed()
        except OSError:
            # The release may be lost with the connection. If it comes, its tick tells how long.
            self._look = None
            return
        self._look = None
        if pressed:
            self._publish(self._machine.expire(tick))
            self._set_timer(tick)
        else:
            # When it was released nobody knows, but before this: the press was no long one.
            self.edge(tick - 1, pressed=False)
