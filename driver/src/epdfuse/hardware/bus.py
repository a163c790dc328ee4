"""The wall between a controller and the wires: what a bus can do, and scripts played on it.

One event here is one line of a transcript (docs/contracts.md), so whatever plays a script, wires,
a recorder or a model, sees the same events in the same order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

REGISTER_INDEX = 0x70
"""First byte of a transfer that names a register (Pervasive Displays, COG interface)."""
REGISTER_WRITE = 0x72
"""First byte of a transfer that writes the register named before."""
REGISTER_READ = 0x73
"""First byte of a transfer that reads the register named before."""
READ_CHIP_ID = 0x71
"""First byte of a transfer that reads the identity of the controller."""


class Pin(StrEnum):
    """The outputs of the host, by the names transcripts use."""

    PANEL_ON = "panel_on"
    BORDER = "border"
    DISCHARGE = "discharge"
    RESET = "reset"


class Bus(Protocol):
    """SPI, pins and time of one panel. Any method may raise `OSError`."""

    def set_pin(self, pin: Pin, level: int) -> None:
        """Drive an output to 0 or 1."""

    def set_pwm(self, duty: int) -> None:
        """Run the pump clock of film 110 with `duty` of 1023 (0 stops it)."""

    def read_busy(self) -> int:
        """Level of the BUSY input."""

    def wait(self, microseconds: int) -> None:
        """Let at least so much time pass."""

    def spi_on(self) -> None:
        """Power SPI up; puts one zero byte on the wire."""

    def spi_off(self) -> None:
        """Leave data and clock low; puts one zero byte on the wire."""

    def send(self, data: bytes) -> None:
        """Write bytes while the chip is selected."""

    def transfer(self, data: bytes) -> bytes:
        """Write bytes and return as many that came back meanwhile."""

    def send_lines(self, lines: "Lines") -> None:
        """Write whole lines, each with what surrounds it."""

    def start_stage(self, milliseconds: int) -> None:
        """Start the timer of a stage."""

    def stage_running(self) -> bool:
        """Ask, after each frame, if the stage needs one more."""

    def close(self) -> None:
        """Let go of the hardware, and leave the pins as they are."""


@dataclass(frozen=True, slots=True)
class SetPin:
    """Drive a pin."""

    pin: Pin
    level: int

    def play(self, bus: Bus) -> None:
        """Do it on a bus."""
        bus.set_pin(self.pin, self.level)


@dataclass(frozen=True, slots=True)
class SetPwm:
    """Change the pump clock."""

    duty: int

    def play(self, bus: Bus) -> None:
        """Do it on a bus."""
        bus.set_pwm(self.duty)


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass."""

    microseconds: int

    def play(self, bus: Bus) -> None:
        """Do it on a bus."""
        bus.wait(self.microseconds)


@dataclass(frozen=True, slots=True)
class SpiOn:
    """Power SPI up."""

    def play(self, bus: Bus) -> None:
        """Do it on a bus."""
        bus.spi_on()


@dataclass(frozen=True, slots=True)
class SpiOff:
    """Leave the wires of SPI low."""

    def play(self, bus: Bus) -> None:
        """Do it on a bus."""
        bus.spi_off()


@dataclass(frozen=True, slots=True)
class Send:
    """Write bytes."""

    data: bytes

    def play(self, bus: Bus) -> None:
        """Do it on a bus."""
        bus.send(self.data)


Step = SetPin | SetPwm | Wait | SpiOn | SpiOff | Send
Script = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """What is played before and after the data of every line."""

    before: Script
    after: Script


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines ready for the bus: `data` holds them one after the other, `size` bytes each."""

    data: bytes
    size: int
    around: Around

    def __len__(self) -> int:
        return len(self.data) // self.size

    def __iter__(self) -> Iterator[bytes]:
        starts = range(0, len(self.data), self.size)
        return (self.data[start : start + self.size] for start in starts)

    def part(self, first: int, end: int) -> "Lines":
        """Give the lines `first` to `end - 1`."""
        return Lines(self.data[first * self.size : end * self.size], self.size, self.around)

    def repeated(self, times: int) -> "Lines":
        """Give the same lines several times."""
        return Lines(self.data * times, self.size, self.around)

    def backwards(self) -> "Lines":
        """Give the same lines, the last first."""
        return Lines(b"".join(reversed(list(self))), self.size, self.around)


def register(index: int, *data: int) -> Script:
    """Give the two transfers that write `data` to a register."""
    return (Send(bytes([REGISTER_INDEX, index])), Send(bytes([REGISTER_WRITE, *data])))


def play(bus: Bus, script: Script) -> None:
    """Do every step of a script, in order."""
    for step in script:
        step.play(bus)


def play_lines(bus: Bus, lines: Lines) -> None:
    """Send lines one event at a time, for a bus that has no faster way."""
    for line in lines:
        play(bus, lines.around.before)
        bus.send(line)
        play(bus, lines.around.after)
