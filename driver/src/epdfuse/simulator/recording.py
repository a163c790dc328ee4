"""A bus that writes down what happens on it, in the format of docs/contracts.md."""

from collections.abc import Callable

from epdfuse.hardware.bus import READ_CHIP_ID, Bus, Lines, Pin, play_lines

HEALTHY_CHIP_ID = 0x02
HEALTHY_STATUS = 0xC0
"""The glass is whole (bit 7) and the charge pumps have their voltage (bit 6)."""


class SilentBus:
    """A bus on which a chip answers, nothing else happens, and no time passes.

    Args:
        chip_id: what the controller says it is.
        status: what its status register holds.
    """

    def __init__(self, chip_id: int = HEALTHY_CHIP_ID, status: int = HEALTHY_STATUS) -> None:
        self._chip_id = chip_id
        self._status = status

    def set_pin(self, pin: Pin, level: int) -> None:
        """Nothing."""

    def set_pwm(self, duty: int) -> None:
        """Nothing."""

    def read_busy(self) -> int:
        """Low: ready."""
        return 0

    def wait(self, microseconds: int) -> None:
        """Nothing."""

    def spi_on(self) -> None:
        """Nothing."""

    def spi_off(self) -> None:
        """Nothing."""

    def send(self, data: bytes) -> None:
        """Nothing."""

    def transfer(self, data: bytes) -> bytes:
        """Answer like a controller; the last byte that comes back is the answer."""
        answer = self._chip_id if data[0] == READ_CHIP_ID else self._status
        return bytes([*bytes(len(data) - 1), answer])

    def send_lines(self, lines: Lines) -> None:
        """Nothing."""

    def start_stage(self, milliseconds: int) -> None:
        """Nothing."""

    def stage_running(self) -> bool:
        """One frame was enough, so what is sent does not depend on time."""
        return False

    def close(self) -> None:
        """Nothing."""


class RecordingBus:
    """Writes one line a bus event, and hands the event on to another bus.

    Args:
        write: takes each event, without its line end.
        bus: where events go, and answers come from.
        with_pwm: also write `pwm <duty>`, an event that docs/contracts.md has not.
    """

    def __init__(self, write: Callable[[str], object], bus: Bus, *, with_pwm: bool = False) -> None:
        self._write = write
        self._bus = bus
        self._with_pwm = with_pwm

    def set_pin(self, pin: Pin, level: int) -> None:
        """Record an output."""
        self._write(f"pin {pin} {level}")
        self._bus.set_pin(pin, level)

    def set_pwm(self, duty: int) -> None:
        """Record the pump clock, when that was asked for."""
        if self._with_pwm:
            self._write(f"pwm {duty}")
        self._bus.set_pwm(duty)

    def read_busy(self) -> int:
        """Record a look at BUSY."""
        busy = self._bus.read_busy()
        self._write(f"read busy {busy}")
        return busy

    def wait(self, microseconds: int) -> None:
        """Record a pause."""
        self._write(f"wait {microseconds}")
        self._bus.wait(microseconds)

    def spi_on(self) -> None:
        """Record SPI powered up."""
        self._write("spi on")
        self._bus.spi_on()

    def spi_off(self) -> None:
        """Record SPI powered down."""
        self._write("spi off")
        self._bus.spi_off()

    def send(self, data: bytes) -> None:
        """Record a write."""
        self._write(f"send {data.hex()}")
        self._bus.send(data)

    def transfer(self, data: bytes) -> bytes:
        """Record a transfer."""
        received = self._bus.transfer(data)
        self._write(f"recv {data.hex()} {received.hex()}")
        return received

    def send_lines(self, lines: Lines) -> None:
        """Record every event of every line."""
        play_lines(RecordingBus(self._write, SilentBus()), lines)
        self._bus.send_lines(lines)

    def start_stage(self, milliseconds: int) -> None:
        """Record the beginning of a stage."""
        self._write(f"stage {milliseconds}")
        self._bus.start_stage(milliseconds)

    def stage_running(self) -> bool:
        """Ask whether one more frame is needed."""
        return self._bus.stage_running()

    def close(self) -> None:
        """Let go of the bus."""
        self._bus.close()
