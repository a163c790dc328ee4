"""A bus that writes down what happens on it, in the format of docs/contracts.md."""

from collections.abc import Callable

from epdfuse.bus import READ_CHIP_ID, Lines, Pin, play_lines

HEALTHY_CHIP_ID = 0x02
HEALTHY_STATUS = 0xC0
"""The glass is whole (bit 7) and the charge pumps have their voltage (bit 6)."""


class RecordingBus:
    """Writes one line a bus event and answers like a controller.

    Its stage timer runs out after one frame, so a transcript does not depend on time.

    Args:
        write: takes each event, without its line end.
        chip_id: what the controller says it is.
        status: what its status register holds.
        with_pwm: also write `pwm <duty>`, an event that docs/contracts.md has not.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        *,
        chip_id: int = HEALTHY_CHIP_ID,
        status: int = HEALTHY_STATUS,
        with_pwm: bool = False,
    ) -> None:
        self._write = write
        self._chip_id = chip_id
        self._status = status
        self._with_pwm = with_pwm

    def set_pin(self, pin: Pin, level: int) -> None:
        """Record an output."""
        self._write(f"pin {pin} {level}")

    def set_pwm(self, duty: int) -> None:
        """Record the pump clock, when that was asked for."""
        if self._with_pwm:
            self._write(f"pwm {duty}")

    def read_busy(self) -> int:
        """Record a look at BUSY, which is never high here."""
        self._write("read busy 0")
        return 0

    def wait(self, microseconds: int) -> None:
        """Record a pause, and take none."""
        self._write(f"wait {microseconds}")

    def spi_on(self) -> None:
        """Record SPI powered up."""
        self._write("spi on")

    def spi_off(self) -> None:
        """Record SPI powered down."""
        self._write("spi off")

    def send(self, data: bytes) -> None:
        """Record a write."""
        self._write(f"send {data.hex()}")

    def transfer(self, data: bytes) -> bytes:
        """Record a transfer; the last byte that comes back is the answer."""
        answer = self._chip_id if data[0] == READ_CHIP_ID else self._status
        received = bytes([*bytes(len(data) - 1), answer])
        self._write(f"recv {data.hex()} {received.hex()}")
        return received

    def send_lines(self, lines: Lines) -> None:
        """Record every event of every line."""
        play_lines(self, lines)

    def start_stage(self, milliseconds: int) -> None:
        """Record the beginning of a stage."""
        self._write(f"stage {milliseconds}")

    def stage_running(self) -> bool:
        """One frame was enough."""
        return False

    def close(self) -> None:
        """Nothing to let go of."""
