"""The bus of a real panel: SPI, pins and the pump clock together.

Needs neither /dev/mem nor a library of one board.
"""

import errno
import time
from contextlib import ExitStack
from pathlib import Path

from epdfuse.hardware.bus import Lines, Pin
from epdfuse.hardware.gpio import GpioPins, Pins, find_chip
from epdfuse.hardware.pwm import NoPwm, Pwm, find_pwm
from epdfuse.hardware.spi import DEFAULT_DEVICE, ZERO, SpiDevice
from epdfuse.panel.spec import BusError


class SpiGpioBus:
    """A `Bus` of real wires."""

    def __init__(self, spi: SpiDevice, pins: Pins, pwm: Pwm) -> None:
        self._spi = spi
        self._pins = pins
        self._pwm = pwm
        self._stage_end = 0.0

    def set_pin(self, pin: Pin, level: int) -> None:
        """Drive an output."""
        self._pins.set(pin, level)

    def set_pwm(self, duty: int) -> None:
        """Run or stop the pump clock."""
        self._pwm.set(duty)

    def read_busy(self) -> int:
        """Level of BUSY."""
        return self._pins.busy()

    def wait(self, microseconds: int) -> None:
        """Sleep."""
        time.sleep(microseconds / 1_000_000)

    def spi_on(self) -> None:
        """Send one zero byte, which leaves the data line low."""
        self._spi.write(ZERO)

    def spi_off(self) -> None:
        """Send one zero byte, which leaves data and clock low."""
        self._spi.write(ZERO)

    def send(self, data: bytes) -> None:
        """Write bytes while the chip is selected."""
        self._spi.write(data)

    def transfer(self, data: bytes) -> bytes:
        """Write bytes and return as many that came back meanwhile."""
        return self._spi.transfer(data)

    def send_lines(self, lines: Lines) -> None:
        """Write whole lines, many in a system call."""
        self._spi.write_lines(lines)

    def start_stage(self, milliseconds: int) -> None:
        """Start the timer of a stage."""
        self._stage_end = time.monotonic() + milliseconds / 1000

    def stage_running(self) -> bool:
        """See if time is left."""
        return time.monotonic() < self._stage_end

    def close(self) -> None:
        """Let go of the hardware."""
        with ExitStack() as closing:
            closing.callback(self._spi.close)
            closing.callback(self._pins.close)
            closing.callback(self._pwm.close)


def open_bus(film: int, device: Path = DEFAULT_DEVICE) -> SpiGpioBus:
    """Open SPI and pins of a panel.

    Raises:
        BusError: something is missing; the sentence says what and the fix.
    """
    try:
        return _open(film, device)
    except ImportError as error:
        raise BusError("libgpiod for Python is missing: apt install python3-libgpiod") from error
    except BusError:
        raise
    except OSError as error:
        raise BusError(f"{error}: {_advice(error)}") from error


def _open(film: int, device: Path) -> SpiGpioBus:
    with ExitStack() as opened:
        spi = SpiDevice(device)
        opened.callback(spi.close)
        pwm = find_pwm() if film == 110 else NoPwm()  # noqa: PLR2004  (the only one with a clock)
        bus = SpiGpioBus(spi, GpioPins(find_chip()), pwm)
        opened.pop_all()
    return bus


def _advice(error: OSError) -> str:
    match error.errno:
        case errno.ENOENT:
            return "is SPI on? `dtparam=spi=on` in config.txt, then a reboot"
        case errno.EACCES | errno.EPERM:
            return "may this user? It must be in the groups spi and gpio"
        case errno.EBUSY:
            return "another program has the pins, or the serial console is on (GPIO 14 and 15)"
        case _:
            return "the device is there but does not work"
