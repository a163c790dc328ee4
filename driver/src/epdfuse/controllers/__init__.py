"""The controllers (COG) that drive the glass: one implementation for each film."""

from collections.abc import Callable, Mapping

from epdfuse.controllers.base import Controller
from epdfuse.controllers.cog1_film110 import Film110Controller
from epdfuse.controllers.cog2_film230 import Film230Controller
from epdfuse.controllers.cog2_film231 import Film231Controller
from epdfuse.hardware.bus import Bus
from epdfuse.panel.spec import PanelSpec

__all__ = ["Controller", "create_controller"]

_MAKERS: Mapping[int, Callable[[str, Bus], Controller]] = {
    110: Film110Controller,
    230: Film230Controller,
    231: Film231Controller,
}


def create_controller(spec: PanelSpec, bus: Bus) -> Controller:
    """Give the controller of a panel, connected to a bus; touches no hardware yet."""
    return _MAKERS[spec.film.number](spec.size, bus)
