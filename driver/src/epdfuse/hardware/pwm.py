"""The clock of film 110's first charge pump, by the kernel's PWM."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from epdfuse.panel.spec import BusError


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
