"""Panels: the protocol, the frame, and the implementations."""

from inkstand.panel.base import Panel, PanelInfo, Refresh
from inkstand.panel.frame import Frame

__all__ = ["Frame", "Panel", "PanelInfo", "Refresh"]
