"""What can be on the panel."""

from inkstand.screens.base import Screen
from inkstand.screens.clock import ClockScreen
from inkstand.screens.image import ImageScreen
from inkstand.screens.message import MessageScreen
from inkstand.screens.status import StatusScreen

__all__ = ["ClockScreen", "ImageScreen", "MessageScreen", "Screen", "StatusScreen"]
