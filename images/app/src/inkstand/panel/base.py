"""What Inkstand wants of a panel, and what it does with any of them in one go."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from inkstand.errors import PanelFailedError

if TYPE_CHECKING:
    from inkstand.frame import Frame


class Refresh(enum.StrEnum):
    """How a frame comes onto the glass; the value is the EPD directory's command."""

    FULL = "U"
    PARTIAL = "P"
    CLEAR = "C"


@dataclass(frozen=True, slots=True)
class PanelInfo:
    """What a panel says about itself.

    `name` is for people ("EPD 2.7"), `width` and `height` are pixels, `partial` tells whether a
    partial refresh is more than a full one in disguise.
    """

    name: str
    width: int
    height: int
    partial: bool

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return (self.width, self.height)


class Panel(Protocol):
    """A panel; every method blocks, so only the thread that owns the panel calls them.

    All of them raise PanelUnavailableError when there is no panel to talk to.
    """

    def info(self) -> PanelInfo:
        """Return what the panel says about itself, asked anew at every call."""
        ...

    def current(self) -> Frame:
        """Return what is on the glass now, as the driver knows it."""
        ...

    def error(self) -> str | None:
        """Return what the driver says went wrong with the last command, or None."""
        ...

    def set_temperature(self, celsius: int) -> None:
        """Tell the driver how warm it is where the panel is, from -99 to 99; cold ones are slow.

        It counts from the next show() on, until the driver is restarted.
        """
        ...

    def show(self, frame: Frame, refresh: Refresh) -> None:
        """Bring `frame` onto the glass and return when the panel has finished.

        CLEAR takes any frame and leaves the glass white.

        Raises:
            FrameError: the frame has not got the size of the panel; nothing was drawn.
            PanelFailedError: the panel refused or failed.
        """
        ...


@dataclass(frozen=True, slots=True)
class PanelContents:
    """What the driver said when it was last asked."""

    info: PanelInfo
    frame: Frame


def look(panel: Panel) -> PanelContents:
    """Return what the panel is and shows."""
    return PanelContents(panel.info(), panel.current())


def show_and_read_back(
    panel: Panel, frame: Frame, refresh: Refresh, celsius: int | None
) -> PanelContents:
    """Bring `frame` onto the panel, and return what it shows then.

    Raises:
        PanelError: it failed, or shows something else.
    """
    if celsius is not None:
        # Each time: a driver that was restarted has forgotten it.
        panel.set_temperature(celsius)
    panel.show(frame, refresh)
    # Older drivers report success whatever happened; the file `error` does not.
    if error := panel.error():
        raise PanelFailedError(f"the panel failed: {error}")
    contents = look(panel)
    if contents.frame != frame:
        raise PanelFailedError("the glass shows something else than was sent")
    return contents
