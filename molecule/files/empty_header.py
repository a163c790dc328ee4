"""The header of a Raspberry Pi to which nothing is connected, for a machine that has none.

Python loads it at its start, by a `.pth` file. SPI takes every byte and answers zeros, as a line
does that nobody drives; the pins can be set, and none is high. It knows nothing of any panel.
"""

from __future__ import annotations

import fcntl
import struct
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

LABEL, LINES = b"pinctrl-bcm2711", 58
_ioctl = fcntl.ioctl


def _device(descriptor: Any) -> str:
    if not isinstance(descriptor, int):
        return ""
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def ioctl(descriptor: Any, request: int, *rest: Any) -> Any:
    """Answer for the two devices, and let the kernel answer for all others."""
    match _device(descriptor):
        case "/dev/spidev0.0":
            return 0
        case "/dev/gpiochip0":
            return struct.pack("=32s32sI", b"gpiochip0", LABEL, LINES)
        case _:
            return _ioctl(descriptor, request, *rest)


class Chip:
    """The one chip; a context, as that of gpiod is."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> Chip:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get_info(self) -> SimpleNamespace:
        """Say which chip it is."""
        return SimpleNamespace(label=LABEL.decode())


class Lines:
    """Lines that may be set, and are low."""

    def set_value(self, line: int, value: str) -> None:
        """Drive a line that goes nowhere."""

    def get_value(self, line: int) -> str:
        """Say that it is low."""
        return "inactive"

    def release(self) -> None:
        """Hold nothing."""


gpiod, line = ModuleType("gpiod"), ModuleType("gpiod.line")
vars(line).update(
    Direction=SimpleNamespace(OUTPUT="output", INPUT="input"),
    Value=SimpleNamespace(INACTIVE="inactive", ACTIVE="active"),
)
vars(gpiod).update(
    line=line,
    Chip=Chip,
    LineSettings=lambda **settings: settings,
    request_lines=lambda *_, **__: Lines(),
)
# By which a program asks whether it is there.
gpiod.__spec__, line.__spec__ = ModuleSpec("gpiod", None), ModuleSpec("gpiod.line", None)
fcntl.ioctl = ioctl
sys.modules |= {"gpiod": gpiod, "gpiod.line": line}
