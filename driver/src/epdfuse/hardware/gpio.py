"""The panel's pins by the GPIO character device, on every Raspberry Pi that has one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from epdfuse.hardware.bus import Pin
from epdfuse.panel.spec import BusError

PINS: Mapping[Pin, int] = {Pin.PANEL_ON: 23, Pin.BORDER: 14, Pin.DISCHARGE: 15, Pin.RESET: 24}
BUSY_PIN = 25
"""GPIO numbers on every Raspberry Pi (docs/contracts.md)."""

CHIP_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""GPIO chips that have the pins of the header: Pi 5, Pi 4, Pi Zero to 3."""


class Pins(Protocol):
    """Outputs and the BUSY input."""

    def set(self, pin: Pin, level: int) -> None:
        """Drive an output."""

    def busy(self) -> int:
        """Level of BUSY."""

    def close(self) -> None:
        """Give the lines back."""


class GpioPins:
    """The panel's pins, requested from a GPIO chip with libgpiod 2. All outputs start low."""

    def __init__(self, chip: Path) -> None:
        import gpiod  # noqa: PLC0415 - only a real panel needs it
        from gpiod.line import Direction, Value  # noqa: PLC0415

        self._levels = (Value.INACTIVE, Value.ACTIVE)
        low = gpiod.LineSettings(direction=Direction.OUTPUT, output_value=Value.INACTIVE)
        busy = gpiod.LineSettings(direction=Direction.INPUT)
        self._lines = gpiod.request_lines(
            str(chip),
            consumer="epdfuse",
            config={tuple(PINS.values()): low, BUSY_PIN: busy},
        )

    def set(self, pin: Pin, level: int) -> None:
        """Drive an output."""
        self._lines.set_value(PINS[pin], self._levels[level])

    def busy(self) -> int:
        """Level of BUSY."""
        return int(self._lines.get_value(BUSY_PIN) is self._levels[1])

    def close(self) -> None:
        """Give the lines back."""
        self._lines.release()


def chip_label(chip: Path) -> str:
    """Ask a GPIO chip for its label."""
    import gpiod  # noqa: PLC0415 - only a real panel needs it

    with gpiod.Chip(str(chip)) as opened:
        return str(opened.get_info().label)


def find_chip(devices: Path = Path("/dev"), label_of: Callable[[Path], str] = chip_label) -> Path:
    """Find the chip of the header by its label; numbers change from kernel to kernel.

    Raises:
        BusError: none is there, none may be opened, or python3-libgpiod is not installed.
    """
    found = {label_of(chip): chip for chip in sorted(devices.glob("gpiochip*"))}
    for label in CHIP_LABELS:
        if label in found:
            return found[label]
    there = ", ".join(sorted(found)) or "none at all"
    raise BusError(f"no GPIO chip is one of {', '.join(CHIP_LABELS)}; there is {there}")
