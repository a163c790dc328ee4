"""A panel without hardware: it takes the time of a real one, and fails as one would.

Its glass is the picture `glass.png` in the state directory. It follows the physics, not the
caller: a partial update drives only the pixels that the caller says differ, so a wrong idea
of what was on the glass stays visible.
"""

import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path

from epdfuse import picture
from epdfuse.bits import View, driven
from epdfuse.panel import (
    DEFAULT_TEMPERATURE,
    BusyTimeoutError,
    DcFailedError,
    PanelBrokenError,
    PanelError,
    PanelSpec,
    UnsupportedCogError,
)
from epdfuse.physics import timing
from epdfuse.storage import replace_file

log = logging.getLogger(__name__)


class Fault(Enum):
    """How a simulated panel can be told to fail, from its next command on."""

    OK = "ok"
    UNSUPPORTED_COG = "unsupported-cog"
    BROKEN = "broken"
    DC_FAILED = "dc-failed"
    BUSY_STUCK = "busy-stuck"
    CRASH = "crash"
    """The driver's process dies in the middle of the next command, once."""


class Bench:
    """The files by which a person looks at a simulated panel and breaks it.

    Args:
        directory: the driver's state directory.
    """

    def __init__(self, directory: Path) -> None:
        self.glass_picture = directory / "glass.png"
        self._fault = directory / "fault"
        self._power = directory / "power"

    @property
    def fault(self) -> Fault:
        """What the panel is told to do; OK when it was told nothing that is known."""
        try:
            return Fault(self._fault.read_text("ascii").strip())
        except (FileNotFoundError, ValueError):
            return Fault.OK

    @fault.setter
    def fault(self, fault: Fault) -> None:
        replace_file(self._fault, fault.value.encode() + b"\n")

    @property
    def powered(self) -> bool:
        """Whether the controller has power; a crash leaves it on."""
        return self._power.exists()

    @powered.setter
    def powered(self, powered: bool) -> None:
        if powered:
            self._power.touch()
        else:
            self._power.unlink(missing_ok=True)


class Pace:
    """Waits until the physics has happened; what the program itself needs is not added."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._due = 0.0

    def start(self) -> None:
        """A command begins now."""
        self._due = time.monotonic()

    def wait(self, milliseconds: float) -> None:
        """Let so much time pass after the step before."""
        self._due += milliseconds / 1000
        self._sleep(max(0.0, self._due - time.monotonic()))


class SimulatedPanel:
    """A `PanelDriver` that draws into a picture.

    Args:
        spec: what panel to be.
        bench: where the glass is shown and faults are told.
        pace: how time passes.
        busy_timeout: seconds that a stuck BUSY line is waited for.
    """

    def __init__(self, spec: PanelSpec, bench: Bench, pace: Pace, busy_timeout: float) -> None:
        self._spec = spec
        self._bench = bench
        self._pace = pace
        self._busy_timeout = busy_timeout
        self._timing = timing(spec)
        self._stage_ms = self._timing.stage_at(DEFAULT_TEMPERATURE)
        self._glass = picture.load(bench.glass_picture, spec) or spec.white

    @property
    def spec(self) -> PanelSpec:
        """What panel this is."""
        return self._spec

    def probe(self) -> None:
        """Power off what a crash left on; then power up and off once."""
        self._bench.powered = False
        self._pace.start()
        self._power_up(self._bench.fault)
        self._bench.powered = False

    def clear(self, old: bytes | None) -> None:  # noqa: ARG002 - the glass here knows itself
        """Black, then white."""
        white = self._spec.white
        black = View.BE_INVERSE.translate(white)
        self._draw([black, black, white, white], self._stage_ms)
        self._power_down()

    def update(self, old: bytes | None, new: bytes) -> None:
        """The old picture inverted, white, the new one inverted, the new one."""
        old = self._glass if old is None else old
        inverse = View.BE_INVERSE.translate
        self._draw([inverse(old), self._spec.white, inverse(new), new], self._stage_ms)
        self._power_down()

    def partial(self, old: bytes, new: bytes, stage_time_ms: int | None) -> None:
        """Drive the pixels that differ between `old` and `new`; the others stay."""
        result = driven(self._glass, old, new)
        stage_ms = self._stage_ms if stage_time_ms is None else stage_time_ms
        self._draw([result] * self._timing.partial_stages, stage_ms)
        if not self._spec.film.stays_powered:
            self._power_down()

    def set_temperature(self, celsius: int) -> None:
        """Make stages last as long as they do at this temperature."""
        self._stage_ms = self._timing.stage_at(celsius)

    def power_off(self) -> None:
        """Discharge, when there is power."""
        self._pace.start()
        if self._bench.powered:
            self._power_down()

    def close(self) -> None:
        """Leave the panel without power."""
        self.power_off()

    def _draw(self, stages: Sequence[bytes], stage_ms: int) -> None:
        self._pace.start()
        fault = self._bench.fault
        self._power_up(fault)
        for number, frame in enumerate(stages):
            if fault is Fault.CRASH and number == len(stages) // 2:
                self._crash(frame)
            self._show(frame)
            self._pace.wait(stage_ms)

    def _power_up(self, fault: Fault) -> None:
        if not self._bench.powered:
            self._bench.powered = True
            self._pace.wait(self._timing.begin)
        if error := self._symptom(fault):
            self._bench.powered = False
            raise error

    def _power_down(self) -> None:
        self._pace.wait(self._timing.end)
        self._bench.powered = False

    def _symptom(self, fault: Fault) -> PanelError | None:
        match fault:
            case Fault.UNSUPPORTED_COG:
                return UnsupportedCogError("the controller has an unknown identity")
            case Fault.BROKEN:
                return PanelBrokenError("the controller reports broken glass")
            case Fault.DC_FAILED:
                return DcFailedError("the charge pumps did not reach their voltages")
            case Fault.BUSY_STUCK:
                return self._stuck()
            case _:
                return None

    def _stuck(self) -> PanelError:
        self._pace.wait(self._busy_timeout * 1000)
        return BusyTimeoutError(f"the panel was still busy after {self._busy_timeout:g} s")

    def _show(self, frame: bytes) -> None:
        self._glass = frame
        try:
            picture.save(frame, self._spec, self._bench.glass_picture)
        except OSError as error:
            log.warning("cannot write the picture of the glass: %s", error)

    def _crash(self, frame: bytes) -> None:
        """Die with the upper half of a stage driven, as by kill -9 at the worst moment."""
        half = len(frame) // 2
        self._show(frame[:half] + self._glass[half:])
        self._bench.fault = Fault.OK
        os.kill(os.getpid(), signal.SIGKILL)
