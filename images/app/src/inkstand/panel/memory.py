"""A panel that exists in memory only, for demonstrations and tests."""

from __future__ import annotations

import threading

from inkstand.errors import FrameError, PanelFailedError, PanelUnavailableError
from inkstand.frame import Frame
from inkstand.panel.base import PanelInfo, Refresh

_ROOM = 25


class MemoryPanel:
    """A panel of `width` x `height` pixels that refuses what a real one refuses.

    `commands` lists what was done to the glass, `temperature` is what it was told last. fail() and
    vanish() make it behave like a broken panel and like one whose driver died; heal() ends both.
    Safe to use from several threads.
    """

    def __init__(self, width: int, height: int, *, partial: bool = True) -> None:
        self.commands: list[Refresh] = []
        self.temperature = _ROOM
        self._info = PanelInfo(f"memory {width}x{height}", width, height, partial)
        self._glass = Frame.white(width, height)
        self._lock = threading.Lock()
        self._error: str | None = None
        self._gone = False
        self._failure: str | None = None

    def info(self) -> PanelInfo:
        """Return what the panel says about itself."""
        self._check_presence()
        return self._info

    def current(self) -> Frame:
        """Return what is on the glass now."""
        self._check_presence()
        return self._glass

    def error(self) -> str | None:
        """Return what went wrong with the last command, or None."""
        self._check_presence()
        return self._error

    def set_temperature(self, celsius: int) -> None:
        """Take note of how warm it is, from -99 to 99 degrees."""
        self._check_presence()
        self.temperature = celsius

    def show(self, frame: Frame, refresh: Refresh) -> None:
        """Bring `frame` onto the glass."""
        with self._lock:
            self._check_presence()
            if frame.size != self._info.size:
                raise FrameError(f"{self._info.name} does not take a frame of {frame.size}")
            self._check_health()
            self._glass = Frame.white(*frame.size) if refresh is Refresh.CLEAR else frame
            self.commands.append(refresh)

    def fail(self, reason: str) -> None:
        """Fail from the next command on, with `reason` in error()."""
        self._failure = reason

    def vanish(self) -> None:
        """Behave as if the driver had died."""
        self._gone = True

    def heal(self) -> None:
        """Be well again; what is on the glass stays."""
        self._failure, self._gone = None, False

    def _check_presence(self) -> None:
        if self._gone:
            raise PanelUnavailableError("no panel: it was told to vanish")

    def _check_health(self) -> None:
        self._error = self._failure
        if self._failure is not None:
            raise PanelFailedError(f"the panel failed: {self._failure}")
