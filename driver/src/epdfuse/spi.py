"""The bus of a real panel: SPI by the kernel's spidev, pins by the GPIO character device.

Needs neither /dev/mem nor a library of one board, so it works on every Raspberry Pi that has
the two devices. SPI is spoken with spidev's own message call (Linux UAPI, `linux/spi/spidev.h`)
because that hands many transfers to the kernel at once, which python3-spidev cannot.
"""

import ctypes
import errno
import fcntl
import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from epdfuse.bus import Around, Lines, Pin, Send, SpiOff, SpiOn, Step, Wait
from epdfuse.panel import BusError

DEFAULT_DEVICE = Path("/dev/spidev0.0")
SPEED_HZ = 8_000_000
PINS: Mapping[Pin, int] = {Pin.PANEL_ON: 23, Pin.BORDER: 14, Pin.DISCHARGE: 15, Pin.RESET: 24}
BUSY_PIN = 25
"""GPIO numbers on every Raspberry Pi (docs/contracts.md)."""

CHIP_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""GPIO chips that have the pins of the header: Pi 5, Pi 4, Pi Zero to 3."""

_WR_MODE, _WR_BITS, _WR_SPEED = 0x40016B01, 0x40016B03, 0x40046B04
_MESSAGE = 0x40006B00
_SIZE_SHIFT = 16

_BUFSIZ = Path("/sys/module/spidev/parameters/bufsiz")
_DEFAULT_BUFSIZ = 4096
_DMA_ALIGN = 128
"""The kernel counts each transfer up to a multiple of this (128 on arm64, less elsewhere)."""
_MAX_TRANSFERS = 511
"""An ioctl carries less than 16 KiB, a transfer takes 32 bytes of it."""

_AFTER_TRANSFER_US = 2
_ZERO = b"\0"

Ioctl = Callable[[int, int, Any], int]


class Transfer(ctypes.Structure):
    """`struct spi_ioc_transfer`."""

    _fields_ = (
        ("tx_buf", ctypes.c_uint64),
        ("rx_buf", ctypes.c_uint64),
        ("len", ctypes.c_uint32),
        ("speed_hz", ctypes.c_uint32),
        ("delay_usecs", ctypes.c_uint16),
        ("bits_per_word", ctypes.c_uint8),
        ("cs_change", ctypes.c_uint8),
        ("rest", ctypes.c_uint32),
    )


@dataclass(slots=True)
class _Piece:
    """One transfer to be: bytes that never change, or None for the line's own."""

    constant: bytes | None
    delay_us: int = _AFTER_TRANSFER_US


class LineProgram:
    """System calls that send a number of lines, prepared once and used for every frame.

    Args:
        around: what comes before and after the data of each line.
        size: bytes of a line.
        count: lines of a frame.
        bufsiz: how many bytes the kernel takes in one call.
    """

    def __init__(self, around: Around, size: int, count: int, bufsiz: int) -> None:
        self._data = ctypes.create_string_buffer(max(1, size * count))
        self._constants: list[ctypes.Array[ctypes.c_char]] = []
        pieces = [self._placed(piece, size) for piece in _pieces(around)]
        per_call = _lines_per_call(pieces, bufsiz)
        starts = range(0, count, per_call)
        self.messages = [
            _message(self._transfers(pieces, size, range(start, min(count, start + per_call))))
            for start in starts
        ]

    def load(self, data: bytes) -> None:
        """Put the data of all lines in place."""
        ctypes.memmove(self._data, data, len(data))

    def _placed(self, piece: _Piece, size: int) -> tuple[int | None, int, int]:
        """Address (None: in the line), length and delay of a transfer."""
        if piece.constant is None:
            return None, size, piece.delay_us
        self._constants.append(ctypes.create_string_buffer(piece.constant, len(piece.constant)))
        return ctypes.addressof(self._constants[-1]), len(piece.constant), piece.delay_us

    def _transfers(
        self, pieces: Sequence[tuple[int | None, int, int]], size: int, lines: range
    ) -> Iterator[Transfer]:
        base = ctypes.addressof(self._data)
        for line, (address, length, delay) in itertools.product(lines, pieces):
            yield _transfer(base + line * size if address is None else address, length, delay)


def _pieces(around: Around) -> list[_Piece]:
    """Turn steps into transfers; a pause is the kernel's delay after the transfer before it."""
    pieces: list[_Piece] = []
    for step in (*around.before, None, *around.after):
        if isinstance(step, Wait) and pieces:
            pieces[-1].delay_us += step.microseconds
        else:
            pieces.append(_Piece(_content(step)))
    return pieces


def _content(step: Step | None) -> bytes | None:
    match step:
        case None:
            return None
        case Send(data):
            return data
        case SpiOn() | SpiOff():
            return _ZERO
        case _:
            raise TypeError(f"{step} cannot be part of a line")


def _lines_per_call(pieces: Sequence[tuple[int | None, int, int]], bufsiz: int) -> int:
    counted = sum(-(-length // _DMA_ALIGN) * _DMA_ALIGN for _, length, _ in pieces)
    return max(1, min(bufsiz // counted, _MAX_TRANSFERS // len(pieces)))


def _transfer(address: int, length: int, delay_us: int) -> Transfer:
    return Transfer(address, 0, length, SPEED_HZ, delay_us, 8, 1, 0)


def _message(transfers: Iterable[Transfer]) -> "ctypes.Array[Transfer]":
    """Put transfers into one call; the chip is deselected after each of them."""
    listed = list(transfers)
    message = (Transfer * len(listed))(*listed)
    message[-1].cs_change = 0  # after the last one a set bit would keep the chip selected
    return message


class SpiDevice:
    """An open spidev device.

    Args:
        path: the device.
        ioctl: the system call, replaced in tests.
    """

    def __init__(self, path: Path = DEFAULT_DEVICE, ioctl: Ioctl = fcntl.ioctl) -> None:
        self._ioctl = ioctl
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._program = lru_cache(maxsize=32)(self._new_program)
        self._set(_WR_MODE, ctypes.c_uint8(0))
        self._set(_WR_BITS, ctypes.c_uint8(8))
        self._set(_WR_SPEED, ctypes.c_uint32(SPEED_HZ))

    def write(self, data: bytes) -> None:
        """Send bytes while the chip is selected."""
        buffer = ctypes.create_string_buffer(data, len(data))
        self._send(_message([_transfer(ctypes.addressof(buffer), len(data), _AFTER_TRANSFER_US)]))

    def transfer(self, data: bytes) -> bytes:
        """Send bytes and return what came back meanwhile."""
        buffer = ctypes.create_string_buffer(data, len(data))
        received = ctypes.create_string_buffer(len(data))
        transfer = _transfer(ctypes.addressof(buffer), len(data), _AFTER_TRANSFER_US)
        transfer.rx_buf = ctypes.addressof(received)
        self._send(_message([transfer]))
        return received.raw

    def write_lines(self, lines: Lines) -> None:
        """Send lines with what surrounds them, in as few system calls as the kernel allows."""
        program = self._program(lines.around, lines.size, len(lines))
        program.load(lines.data)
        for message in program.messages:
            self._send(message)

    def close(self) -> None:
        """Close the device."""
        os.close(self._file)

    def _new_program(self, around: Around, size: int, count: int) -> LineProgram:
        return LineProgram(around, size, count, _kernel_bufsiz())

    def _send(self, message: "ctypes.Array[Transfer]") -> None:
        self._set(_MESSAGE | ctypes.sizeof(message) << _SIZE_SHIFT, message)

    def _set(self, request: int, value: Any) -> None:
        self._ioctl(self._file, request, value)


def _kernel_bufsiz() -> int:
    try:
        return int(_BUFSIZ.read_text("ascii"))
    except (OSError, ValueError):
        return _DEFAULT_BUFSIZ


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


class Pwm(Protocol):
    """The clock of film 110's first charge pump."""

    def set(self, duty: int) -> None:
        """Run with `duty` of 1023; 0 stops it."""

    def close(self) -> None:
        """Stop, and give it back."""


class NoPwm:
    """What films 230 and 231 need: nothing."""

    def set(self, duty: int) -> None:
        """Refuse, because no clock was set up."""
        if duty:
            raise BusError("this film needs no pump clock")

    def close(self) -> None:
        """Nothing to stop."""


@dataclass(slots=True)
class SysfsPwm:
    """GPIO 18 as the kernel's PWM, set up by `dtoverlay=pwm,pin=18,func=2`.

    `directory` is that of the chip, e.g. `/sys/class/pwm/pwmchip0`; `channel` is 0, on a Pi 5 2.
    """

    directory: Path
    channel: int = 0
    period_ns: int = 20_000
    """What the reference makes of half duty: high and low for one tick of 100 kHz each."""
    patience_s: float = 2.0
    """How long udev may take to hand a new channel to its group."""
    _ready: bool = field(default=False, init=False)

    def set(self, duty: int) -> None:
        """Run with `duty` of 1023; 0 stops it."""
        self._prepare()
        self._write("duty_cycle", self.period_ns * duty // 1022 if duty else 0)
        self._write("enable", int(duty > 0))

    def close(self) -> None:
        """Stop the clock."""
        if self._ready:
            self.set(0)

    def _prepare(self) -> None:
        if self._ready:
            return
        if not self._pwm.exists():
            (self.directory / "export").write_text(str(self.channel), "ascii")
        self._wait_for_udev()
        self._write("period", self.period_ns)
        self._ready = True

    def _wait_for_udev(self) -> None:
        end = time.monotonic() + self.patience_s
        while not os.access(self._pwm / "enable", os.W_OK):
            if time.monotonic() > end:
                raise BusError(f"{self._pwm} may not be written: is this user in the group gpio?")
            time.sleep(0.01)

    @property
    def _pwm(self) -> Path:
        return self.directory / f"pwm{self.channel}"

    def _write(self, name: str, value: int) -> None:
        (self._pwm / name).write_text(str(value), "ascii")


def find_pwm(directory: Path = Path("/sys/class/pwm")) -> SysfsPwm:
    """Find the PWM of GPIO 18.

    Raises:
        BusError: the kernel offers none.
    """
    for chip in sorted(directory.glob("pwmchip*")):
        on_rp1 = int((chip / "npwm").read_text("ascii")) > 2  # noqa: PLR2004 (a Pi 5 has four)
        return SysfsPwm(chip, channel=2 if on_rp1 else 0)
    raise BusError("film 110 needs a PWM on GPIO 18: add `dtoverlay=pwm,pin=18,func=2`")


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
        self._spi.write(_ZERO)

    def spi_off(self) -> None:
        """Send one zero byte, which leaves data and clock low."""
        self._spi.write(_ZERO)

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
