"""The one task that owns the panel; everybody else tells it a wish."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from inkstand.clock import first_of
from inkstand.display.refresh import choose, is_recent
from inkstand.errors import FrameError, PanelError, PanelFailedError
from inkstand.events import FrameShown, PanelChanged, RefreshStarted, ScreenFailed, ScreenShown
from inkstand.panel import Refresh
from inkstand.panel.lane import Lane
from inkstand.rendering import to_frame

if TYPE_CHECKING:
    from datetime import datetime

    from inkstand.clock import Clock
    from inkstand.events import Hub
    from inkstand.frame import Frame
    from inkstand.panel import Panel, PanelInfo
    from inkstand.screens import Screen

_LOG = logging.getLogger(__name__)
# The slowest full refresh, below -10 degrees, takes 44 s.
_REFRESH_TIMEOUT = 60.0
_READ_TIMEOUT = 5.0
# Whoever asks for the health of the app waits four seconds.
_PROBE_TIMEOUT = 3.0
_SHORTEST_RETRY = 0.1
_LONGEST_RETRY = 2.0
# What drawing can run into; anything else is a bug and ends the process.
_DRAWING_ERRORS = (ArithmeticError, LookupError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A screen somebody wants to see; two wishes for one screen are two wishes.

    Wishes of one `row` are pages of one thing.
    """

    screen: Screen
    number: int
    row: int


@dataclass(frozen=True, slots=True)
class Policy:
    """How the owner wants the panel to be treated.

    `full_every` is how long partial refreshes may follow each other; `temperature` is in degrees
    Celsius, None: the driver knows best.
    """

    full_every: timedelta = timedelta(minutes=30)
    temperature: int | None = None


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What a screen looks like now, and how many pages it has."""

    frame: Frame
    pages: int


@dataclass(frozen=True, slots=True)
class _Glass:
    """What the driver said when it was last asked."""

    info: PanelInfo
    frame: Frame


class Display:
    """Shows the latest wish, follows it as it changes, and comes back when the panel does.

    `home` is what is shown at first, and whenever a wish cannot be drawn. `refreshes` counts
    those that succeeded by kind, those that were not needed as "skipped"; `errors` counts what the
    panel could not do.
    """

    def __init__(
        self,
        panel: Panel,
        clock: Clock,
        hub: Hub,
        home: Screen,
        policy: Policy = Policy(),
    ) -> None:
        self.refreshes: Counter[str] = Counter()
        self.errors = 0
        self._panel = panel
        self._clock = clock
        self._hub = hub
        self._home = home
        self._policy = policy
        self._lane = Lane()
        self._probes = Lane()
        self._wish = _Wish(home, 0, 0)
        self._drawn: _Wish | None = None
        self._nudge = asyncio.Event()
        self._glass: _Glass | None = None
        self._shown: FrameShown | None = None
        self._refreshing: RefreshStarted | None = None
        self._last_full: datetime | None = None
        self._reason: str | None = None
        self._screen: Screen | None = None
        self._pages = 1

    @property
    def frame(self) -> Frame | None:
        """What is on the glass, read back from the driver; None before the first answer."""
        return self._glass.frame if self._glass else None

    @property
    def info(self) -> PanelInfo | None:
        """What the panel said about itself when it was last asked; None before the first answer."""
        return self._glass.info if self._glass else None

    @property
    def last_refresh(self) -> FrameShown | None:
        """How and when `frame` came onto the glass; None before the first answer."""
        return self._shown

    @property
    def refreshing(self) -> RefreshStarted | None:
        """The refresh that is going on, or None."""
        return self._refreshing

    @property
    def screen(self) -> Screen | None:
        """What is on the glass or coming onto it, None when nobody knows."""
        return self._screen

    @property
    def pages(self) -> int:
        """How many pages `screen` has, at least 1."""
        return self._pages

    @property
    def reason(self) -> str | None:
        """Why the wish cannot come onto the glass, or None when all is well."""
        return self._reason

    def show(self, screen: Screen) -> None:
        """Wish for `screen`; it replaces any wish that was not drawn yet."""
        number = self._wish.number + 1
        self._wish = _Wish(screen, number, number)
        self._nudge.set()

    def turn_to(self, screen: Screen) -> None:
        """Wish for another page of what was wished for last; a partial refresh is enough for it."""
        self._wish = _Wish(screen, self._wish.number + 1, self._wish.row)
        self._nudge.set()

    def look_again(self) -> None:
        """Compare the glass with the wish now: something may have happened to the panel."""
        self._nudge.set()

    async def probe(self) -> str | None:
        """Ask the panel whether it is there, and return why it is not, or `reason`."""
        if self._reason is not None:
            return self._reason
        try:
            # Beside the lane: a driver that is well answers while a refresh goes on there.
            await self._probes.run(self._panel.info, _PROBE_TIMEOUT)
        except PanelError as error:
            if self._lane.busy:
                return str(error)
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
                self.errors += 1
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
        drawing = await self._render(wish, glass.info.size, now)
        self._screen, self._pages = wish.screen, drawing.pages
        await self._refresh(drawing.frame, self._choose(glass, drawing.frame, wish, now), now)
        if wish != self._drawn:
            self._drawn = wish
            self._hub.publish(ScreenShown(self._clock.now(), wish.screen))
        return wish.screen.next_change(now)

    def _choose(self, glass: _Glass, wanted: Frame, wish: _Wish, now: datetime) -> Refresh | None:
        same_row = self._drawn is not None and wish.row == self._drawn.row
        recent = is_recent(self._last_full, now, self._policy.full_every)
        return choose(glass.frame, wanted, gradual=glass.info.partial and same_row and recent)

    async def _look(self) -> _Glass:
        glass = await self._lane.run(partial(_look, self._panel), _READ_TIMEOUT)
        self._find(glass)
        return glass

    def _find(self, glass: _Glass) -> None:
        """Take note of what is on the glass; somebody else may have drawn it."""
        before, self._glass = self._shown, glass
        if before is not None and before.frame == glass.frame:
            return
        self._shown = FrameShown(self._clock.now(), glass.frame, None, None)
        if before is not None:
            self._hub.publish(self._shown)

    async def _render(self, wish: _Wish, size: tuple[int, int], now: datetime) -> _Drawing:
        try:
            return await asyncio.to_thread(_render, wish.screen, size, now)
        except _DRAWING_ERRORS:
            if wish.screen == self._home:
                raise
            kind = type(wish.screen).__name__
            _LOG.exception("a %s cannot be drawn, home is shown instead", kind)
            self._hub.publish(ScreenFailed(now, wish.screen))
        if wish == self._wish:
            self.show(self._home)
        return await asyncio.to_thread(_render, self._home, size, now)

    async def _refresh(self, wanted: Frame, refresh: Refresh | None, now: datetime) -> None:
        if refresh is None:
            self.refreshes["skipped"] += 1
            return
        started = time.monotonic()
        self._refreshing = RefreshStarted(self._clock.now(), refresh)
        self._hub.publish(self._refreshing)
        celsius = self._policy.temperature
        job = partial(_show_and_read_back, self._panel, wanted, refresh, celsius)
        self._glass = await self._lane.run(job, _REFRESH_TIMEOUT)
        if refresh is Refresh.FULL:
            self._last_full = now
        self.refreshes[refresh.name.lower()] += 1
        took, self._refreshing = time.monotonic() - started, None
        self._shown = FrameShown(self._clock.now(), self._glass.frame, refresh, took)
        self._hub.publish(self._shown)

    def _report(self, reason: str | None) -> None:
        changed = (reason is None) != (self._reason is None)
        failed, self._refreshing = self._refreshing is not None, None
        if changed:
            _log_change(reason)
        if changed or failed:
            self._hub.publish(PanelChanged(self._clock.now(), reason))
        if reason is not None:
            # Nobody knows what the glass went through: begin with a full refresh.
            self._last_full = None
            self._screen = None
        self._reason = reason

    async def _nudged_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._nudge.wait()

    async def _change_or_nudge(self, moment: datetime | None) -> None:
        if moment is None:
            await self._nudge.wait()
        else:
            await first_of(self._nudge.wait(), self._clock.sleep_until(moment))


def _render(screen: Screen, size: tuple[int, int], now: datetime) -> _Drawing:
    return _Drawing(to_frame(screen.render(size, now), size), screen.pages(size))


def _look(panel: Panel) -> _Glass:
    return _Glass(panel.info(), panel.current())


def _show_and_read_back(
    panel: Panel, frame: Frame, refresh: Refresh, celsius: int | None
) -> _Glass:
    if celsius is not None:
        # Each time: a driver that was restarted has forgotten it.
        panel.set_temperature(celsius)
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
