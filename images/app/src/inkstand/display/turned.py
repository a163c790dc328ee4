"""A panel that hangs on its side, or upside down, as one that is looked at upright."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inkstand.rendering import turned

if TYPE_CHECKING:
    from inkstand.frame import Frame
    from inkstand.panel import Panel, PanelInfo, Refresh


class TurnedPanel:
    """`panel` with its pictures turned clockwise by `degrees`: 0, 90, 180 or 270.

    Sizes and frames are those that people see; only `panel` knows how it hangs.
    """

    def __init__(self, panel: Panel, degrees: int) -> None:
        self._panel = panel
        self._degrees = degrees
        self.error = panel.error
        self.set_temperature = panel.set_temperature

    def info(self) -> PanelInfo:
        """Return what the panel says about itself, with the size that people see."""
        info = self._panel.info()
        if self._degrees % 180 == 0:
            return info
        return replace(info, width=info.height, height=info.width)

    def current(self) -> Frame:
        """Return what people see on the glass now."""
        return turned(self._panel.current(), -self._degrees)

    def show(self, frame: Frame, refresh: Refresh) -> None:
        """Bring `frame` onto the glass, so that people see it upright."""
        self._panel.show(turned(frame, self._degrees), refresh)
