"""The one task that owns the panel; everybody else tells it a wish."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from inkstand.errors import FrameError, PanelError, PanelFailedError
from inkstand.events import FrameShown, PanelChanged
from inkstand.panel import Refresh
from inkstand.panel.lane import Lane
from inkstand.refresh import choose
from inkstand.rendering import to_frame

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from datetime import datetime

    from inkstand.clock import Clock
    from inkstand.events import Hub
    from inkstand.panel import Frame, Panel, PanelInfo
    from inkstand.screens import Screen

_LOG = logging.getLogger(__name__)
# The slowest full refresh, below -10 degrees, takes 44 s.
_REFRESH_TIMEOUT = 60.0
_READ_TIMEOUT = 5.0
_SHORTEST_RETRY = 0.1
_LONGEST_RETRY = 2.0
# What drawing can run into; anything else is a bug and ends the process.
_DRAWING_ERRORS = (ArithmeticError, LookupError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A screen somebody wants to see; two wishes for one screen are two wishes."""

    screen: Screen
    number: int


@dataclass(frozen=True, slots=True)
class _Glass:
    """What the driver said when it was last asked."""

    info: PanelInfo
    frame: Frame


class Display:
    """Shows the latest wish, follows it as it changes, and comes back when the panel does.

    `home` is what is shown at first, and whenever a wish cannot be drawn. `refreshes` counts them
    by kind, those that were not needed as "skipped".
    """

    def __init__(self, panel: Panel, clock: Clock, hub: Hub, home: Screen) -> None:
        self.refreshes: Counter[str] = Counter()
        self._panel = panel
        self._clock = clock
        self._hub = hub
        self._home = home
        self._lane = Lane()
        self._wish = _Wish(home, 0)
        self._drawn: _Wish | None = None
        self._nudge = asyncio.Event()
        self._glass: _Glass | None = None
        self._last_full: datetime | None = None
        self._reason: str | None = None

    @property
    def frame(self) -> Frame | None:
        """What is on the glass, read back from the driver; None before the first answer."""
        return self._glass.frame if self._glass else None

    @property
    def reason(self) -> str | None:
        """Why the wish cannot come onto the glass, or None when all is well."""
        return self._reason

    def show(self, screen: Screen) -> None:
        """Wish for `screen`; it replaces any wish that was not drawn yet."""
        self._wish = _Wish(screen, self._wish.number + 1)
        self._nudge.set()

    def look_again(self) -> None:
        """Compare the glass with the wish now: something may have happened to the panel."""
        self._nudge.set()

    async def probe(self) -> str | None:
        """Ask the panel whether it is there, unless it is busy, and return `reason`."""
        if self._reason is None and not self._lane.busy:
            try:
                await self._lane.run(self._panel.info, _READ_TIMEOUT)
            except PanelError as error:
                self._report(str(error))
                self.look_again()
        return self._reason

    def settle(self, timeout: float) -> None:
        """Block until a refresh in progress has ended, at most `timeout` seconds."""
        self._lane.settle(timeout)

    async def run(self) -> None:
        """Own the panel until cancelled."""
        retry = _SHORTEST_RETRY
        while True:
            self._nudge.clear()
            try:
                next_change = await self._draw()
            except (PanelError, FrameError) as error:
                self._report(str(error))
                await self._nudged_within(retry)
                retry = min(2 * retry, _LONGEST_RETRY)
            else:
                self._report(None)
                retry = _SHORTEST_RETRY
                await self._change_or_nudge(next_change)

    async def _draw(self) -> datetime | None:
        """Bring the wish onto the glass and return when it changes by itself."""
        glass = await self._look()
        wish, now = self._wish, self._clock.now()
        wanted = await self._render(wish, glass.info.size, now)
        gradual = glass.info.partial and wish == self._drawn
        last_full = self._last_full
        await self._refresh(
            wanted, choose(glass.frame, wanted, gradual=gradual, last_full=last_full, now=now), now
        )
        self._drawn = wish
        return wish.screen.next_change(now)

    async def _look(self) -> _Glass:
        self._glass = await self._lane.run(partial(_look, self._panel), _READ_TIMEOUT)
        return self._glass

    async def _render(self, wish: _Wish, size: tuple[int, int], now: datetime) -> Frame:
        try:
            return await asyncio.to_thread(_render, wish.screen, size, now)
        except _DRAWING_ERRORS:
            if wish.screen == self._home:
                raise
            kind = type(wish.screen).__name__
            _LOG.exception("a %s cannot be drawn, home is shown instead", kind)
        if wish == self._wish:
            self.show(self._home)
        return await asyncio.to_thread(_render, self._home, size, now)

    async def _refresh(self, wanted: Frame, refresh: Refresh | None, now: datetime) -> None:
        if refresh is None:
            self.refreshes["skipped"] += 1
            return
        started = time.monotonic()
        job = partial(_show_and_read_back, self._panel, wanted, refresh)
        self._glass = await self._lane.run(job, _REFRESH_TIMEOUT)
        self.refreshes[refresh.name.lower()] += 1
        if refresh is Refresh.FULL:
            self._last_full = now
        took = time.monotonic() - started
        self._hub.publish(FrameShown(now, self._glass.frame, refresh, took))

    def _report(self, reason: str | None) -> None:
        if (reason is None) != (self._reason is None):
            _log_change(reason)
            self._hub.publish(PanelChanged(self._clock.now(), reason))
        if reason is not None:
            # Nobody knows what the glass went through: begin with a full refresh.
            self._last_full = None
        self._reason = reason

    async def _nudged_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._nudge.wait()

    async def _change_or_nudge(self, moment: datetime | None) -> None:
        if moment is None:
            await self._nudge.wait()
        else:
            await _first_of(self._nudge.wait(), self._clock.sleep_until(moment))


def _render(screen: Screen, size: tuple[int, int], now: datetime) -> Frame:
    return to_frame(screen.render(size, now), size)


def _look(panel: Panel) -> _Glass:
    return _Glass(panel.info(), panel.current())


def _show_and_read_back(panel: Panel, frame: Frame, refresh: Refresh) -> _Glass:
    panel.show(frame, refresh)
    # Older drivers report success whatever happened; the file `error` does not.
    if error := panel.error():
        raise PanelFailedError(f"the panel failed: {error}")
    glass = _look(panel)
    if glass.frame != frame:
        raise PanelFailedError("the glass shows something else than was sent")
    return glass


def _log_change(reason: str | None) -> None:
    if reason is None:
        _LOG.info("the panel is back")
    else:
        _LOG.warning("the panel is not usable, trying again until it is: %s", reason)


async def _first_of(*waits: Coroutine[Any, Any, object]) -> None:
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
