"""Panels: the protocol and the implementations."""

from inkstand.panel.base import Panel, PanelInfo, Refresh

__all__ = ["Panel", "PanelInfo", "Refresh"]
