"""Buttons: the protocol and the implementations."""

from inkstand.button.base import Button, NoButton
from inkstand.button.gesture import Timing
from inkstand.button.memory import MemoryButton
from inkstand.button.pigpio import PigpioButton, PigpioSettings

__all__ = ["Button", "MemoryButton", "NoButton", "PigpioButton", "PigpioSettings", "Timing"]
