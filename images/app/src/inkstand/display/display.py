"""The one task that owns the panel; everybody else sends it a request."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from typing import TYPE_CHECKING

from inkstand.clock import first_of, nudged_or
from inkstand.display.turned import TurnedPanel
from inkstand.errors import FrameError, PanelError
from inkstand.events import (
    FrameShown,
    PanelChanged,
    RefreshStarted,
    ScreenDrawn,
    ScreenFailed,
    ScreenShown,
)
from inkstand.panel import Refresh
from inkstand.panel.base import PanelContents, look, show_and_read_back
from inkstand.panel.thread import PanelThread
from inkstand.rendering import to_frame, turned

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
class _Request:
    """A screen somebody wants to see; two requests for one screen are two requests.

    Requests of one `series` are pages of one thing.
    """

    screen: Screen
    number: int
    series: int


@dataclass(frozen=True, slots=True)
class Policy:
    """How the owner wants the panel to be treated.

    `full_every` is how long partial refreshes may follow each other; `temperature` is in degrees
    Celsius, None: the driver knows best; pictures are turned clockwise by `rotation` degrees.
    """

    full_every: timedelta = timedelta(minutes=30)
    temperature: int | None = None
    rotation: int = 0


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What a screen looks like now, and how many pages it has."""

    frame: Frame
    pages: int


class Display:
    """Shows the latest request, follows it as it changes, and comes back when the panel does.

    `home` is what is shown at first, and whenever a request cannot be drawn. `refreshes` counts
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
        self._panel: Panel = TurnedPanel(panel, policy.rotation) if policy.rotation else panel
        self._clock = clock
        self._hub = hub
        self._home = home
        self._policy = policy
        self._thread = PanelThread()
        self._probe_thread = PanelThread()
        self._request = _Request(home, 0, 0)
        self._drawn: _Request | None = None
        self._nudge = asyncio.Event()
        self._contents: PanelContents | None = None
        self._shown: FrameShown | None = None
        self._refreshing: RefreshStarted | None = None
        self._last_full: datetime | None = None
        self._reason: str | None = None
        self._coming: _Request | None = None
        self._to_be_wiped = False

    @property
    def frame(self) -> Frame | None:
        """What is on the glass, read back from the driver; None before the first answer."""
        return self._contents.frame if self._contents else None

    @property
    def frame_of_driver(self) -> Frame | None:
        """The same as the driver has it, who does not know that the panel is turned."""
        return None if self.frame is None else turned(self.frame, self._policy.rotation)

    @property
    def info(self) -> PanelInfo | None:
        """What the panel said about itself when it was last asked; None before the first answer."""
        return self._contents.info if self._contents else None

    @property
    def last_refresh(self) -> FrameShown | None:
        """How and when `frame` came onto the glass; None before the first answer."""
        return self._shown

    @property
    def refreshing(self) -> RefreshStarted | None:
        """The refresh that is going on, or None."""
        return self._refreshing

    @property
    def reason(self) -> str | None:
        """Why what was asked for cannot come onto the glass, or None when all is well."""
        return self._reason

    def show(self, screen: Screen) -> None:
        """Ask for `screen`; it replaces any request that was not drawn yet."""
        number = self._request.number + 1
        self._request = _Request(screen, number, number)
        self._nudge.set()

    def turn_to(self, screen: Screen) -> None:
        """Ask for another page of what was asked for last; a partial refresh is enough for it."""
        self._request = _Request(screen, self._request.number + 1, self._request.series)
        self._nudge.set()

    def look_again(self) -> None:
        """Compare the glass with the request now: something may have happened to the panel."""
        self._nudge.set()

    def wipe(self) -> None:
        """Refresh all of the glass once, though it shows what it should: it may have ghosts."""
        self._to_be_wiped = True
        self._nudge.set()

    async def probe(self) -> str | None:
        """Ask the panel whether it is there, and return why it is not, or `reason`."""
        if self._reason is not None:
            return self._reason
        try:
            # Beside that thread: a driver that is well answers while a refresh goes on there.
            await self._probe_thread.run(self._panel.info, _PROBE_TIMEOUT)
        except PanelError as error:
            if self._thread.busy:
                return str(error)
            self._report(str(error))
            self.look_again()
        return self._reason

    def settle(self, timeout: float) -> None:
        """Block until a refresh in progress has ended, at most `timeout` seconds."""
        self._thread.settle(timeout)

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
                await first_of(self._nudge.wait(), asyncio.sleep(retry))
                retry = min(2 * retry, _LONGEST_RETRY)
            else:
                self._report(None)
                retry = _SHORTEST_RETRY
                await nudged_or(self._nudge, self._clock, next_change)

    async def _draw(self) -> datetime | None:
        """Bring what was asked for onto the glass and return when it changes by itself."""
        contents = await self._look()
        request, now = self._request, self._clock.now()
        drawing = await self._render(request, contents.info.size, now)
        if request != self._coming:
            self._coming = request
            self._hub.publish(ScreenDrawn(self._clock.now(), request.screen, drawing.pages))
        await self._refresh(drawing.frame, self._choose(contents, drawing.frame, request, now), now)
        if request != self._drawn:
            self._drawn = request
            self._hub.publish(ScreenShown(self._clock.now(), request.screen))
        return request.screen.next_change(now)

    def _choose(
        self, contents: PanelContents, wanted: Frame, request: _Request, now: datetime
    ) -> Refresh | None:
        if self._to_be_wiped:
            return Refresh.FULL
        same_series = self._drawn is not None and request.series == self._drawn.series
        recent = is_recent(self._last_full, now, self._policy.full_every)
        return choose(
            contents.frame, wanted, gradual=contents.info.partial and same_series and recent
        )

    async def _look(self) -> PanelContents:
        contents = await self._thread.run(partial(look, self._panel), _READ_TIMEOUT)
        self._find(contents)
        return contents

    def _find(self, contents: PanelContents) -> None:
        """Take note of what is on the glass; somebody else may have drawn it."""
        before, self._contents = self._shown, contents
        if before is not None and before.frame == contents.frame:
            return
        self._shown = FrameShown(self._clock.now(), contents.frame, None, None)
        if before is not None:
            self._hub.publish(self._shown)

    async def _render(self, request: _Request, size: tuple[int, int], now: datetime) -> _Drawing:
        try:
            return await asyncio.to_thread(_render, request.screen, size, now)
        except _DRAWING_ERRORS:
            if request.screen == self._home:
                raise
            kind = type(request.screen).__name__
            _LOG.exception("a %s cannot be drawn, home is shown instead", kind)
            self._hub.publish(ScreenFailed(now, request.screen))
        if request == self._request:
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
        job = partial(show_and_read_back, self._panel, wanted, refresh, celsius)
        self._contents = await self._thread.run(job, _REFRESH_TIMEOUT)
        if refresh is Refresh.FULL:
            self._last_full, self._to_be_wiped = now, False
        self.refreshes[refresh.name.lower()] += 1
        took, self._refreshing = time.monotonic() - started, None
        self._shown = FrameShown(self._clock.now(), self._contents.frame, refresh, took)
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
            self._coming = None
        self._reason = reason


def choose(shown: Frame, wanted: Frame, *, gradual: bool) -> Refresh | None:
    """Return how to get from the frame `shown` to the frame `wanted`; None when they are equal.

    `gradual` says that a partial refresh will do: the panel can, the picture is the next of a
    series rather than a new one, and the last full refresh is_recent().
    """
    if shown == wanted:
        return None
    return Refresh.PARTIAL if gradual else Refresh.FULL


def is_recent(last_full: datetime | None, now: datetime, full_every: timedelta) -> bool:
    """Return whether the last full refresh (aware; None: unknown) is less than `full_every` ago.

    Each partial refresh leaves ghosts, which only a full one wipes out.
    """
    if last_full is None:
        return False
    # In UTC: within one zone a difference is that of the wall clock, off by an hour twice a year.
    age = now.astimezone(UTC) - last_full.astimezone(UTC)
    return timedelta() <= age < full_every


def _render(screen: Screen, size: tuple[int, int], now: datetime) -> _Drawing:
    return _Drawing(to_frame(screen.render(size, now), size), screen.pages(size))


def _log_change(reason: str | None) -> None:
    if reason is None:
        _LOG.info("the panel is back")
    else:
        _LOG.warning("the panel is not usable, trying again until it is: %s", reason)
