"""A panel without hardware: it takes the time of a real one, and fails as one would.

Behind the bus is `epdfuse.simulator.model`, driven by the same controllers as a real panel. Its
glass is the picture `glass.png` in the state directory, where stages and ghosts can be seen;
what goes over the bus is written to `bus.txt` there when somebody asks for it.
"""

import io
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import IO

from epdfuse.controllers.controlled import ControlledPanel
from epdfuse.hardware.bus import Lines, Pin
from epdfuse.panel.spec import DcFailedError, PanelBrokenError, PanelSpec, UnsupportedCogError
from epdfuse.simulator import picture
from epdfuse.simulator.model import Health, ModelBus
from epdfuse.simulator.recording import RecordingBus
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
        self.bus_record = directory / "bus.txt"
        self._fault = directory / "fault"
        self._power = directory / "power"
        self._recording = directory / "recording"

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

    @property
    def recording(self) -> bool:
        """Whether what goes over the bus is written to `bus_record`."""
        return self._recording.exists()

    @recording.setter
    def recording(self, recording: bool) -> None:
        """Begin anew from the next command on, or stop and keep what was written."""
        if recording:
            self.bus_record.unlink(missing_ok=True)
            self._recording.touch()
        else:
            self._recording.unlink(missing_ok=True)


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


class BenchBus(ModelBus):
    """A modelled panel on a bench: its glass is shown as a picture, its power as a file."""

    def __init__(self, spec: PanelSpec, bench: Bench, pace: Pace) -> None:
        super().__init__(spec, pace, self._show)
        self._bench = bench
        shades = picture.load(bench.glass_picture, spec)
        if shades is not None:
            self.glass.show(shades)

    def set_pin(self, pin: Pin, level: int) -> None:
        """Take a level; when the power comes or goes, people can see it, and the glass."""
        changes = pin is Pin.PANEL_ON and level != self._bench.powered
        super().set_pin(pin, level)
        if changes:
            self._bench.powered = bool(level)
            self._show()

    def send_lines(self, lines: Lines) -> None:
        """Take whole lines, or die in the middle of them when that was asked for."""
        if self._bench.fault is Fault.CRASH:
            self._crash(lines.part(0, len(lines) // 2))
        super().send_lines(lines)

    def _crash(self, upper_half: Lines) -> None:
        """Die with half of a frame sent, as by kill -9 at the worst moment."""
        super().send_lines(upper_half)
        self._bench.fault = Fault.OK
        os.kill(os.getpid(), signal.SIGKILL)

    def _show(self) -> None:
        try:
            picture.save(self.glass.picture, self.spec, self._bench.glass_picture)
        except OSError as error:
            log.warning("cannot write the picture of the glass: %s", error)


class SimulatedPanel(ControlledPanel):
    """A `PanelDriver` without hardware: the real controllers drive a model of chip and glass.

    Args:
        spec: what panel to be.
        bench: where the glass is shown and faults are told.
        pace: how time passes.
        busy_timeout: seconds that a stuck BUSY line is waited for.
    """

    def __init__(self, spec: PanelSpec, bench: Bench, pace: Pace, busy_timeout: float) -> None:
        self._bench = bench
        self._pace = pace
        self._model = BenchBus(spec, bench, pace)
        super().__init__(spec, self._model, busy_timeout)

    def probe(self) -> None:
        """Cut the power a crash left on, then see that the chip answers."""
        with self._recorded():
            self._prepare()
            super().probe()

    def power_off(self) -> None:
        """Stop the charge pumps, when they run."""
        with self._recorded():
            self._pace.start()
            super().power_off()

    def _draw(self, draw: Callable[[], None], *, stay_powered: bool = False) -> None:
        with self._recorded():
            self._prepare()
            super()._draw(draw, stay_powered=stay_powered)

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Write down what goes over the bus in this block, if that is asked for."""
        if not self._bench.recording:
            yield
            return
        with self._bus_record() as file:
            self._controller.bus = RecordingBus(lambda it: file.write(f"{it}\n"), self._model)
            try:
                yield
            finally:
                self._controller.bus = self._model

    def _bus_record(self) -> IO[str]:
        """A disk that refuses costs the record, not the command."""
        try:
            return self._bench.bus_record.open("a", encoding="ascii")
        except OSError as error:
            log.warning("cannot write what goes over the bus: %s", error)
            return io.StringIO()

    def _prepare(self) -> None:
        """Begin to count time, and be as healthy as people want."""
        self._pace.start()
        self._model.start_observation()
        fault = self._bench.fault
        self._model.health = _health(fault)
        if fault not in {Fault.OK, Fault.CRASH} and self._bench.powered:
            self._controller.cut_power()  # a chip says what is wrong with it when it starts
        if fault in _UNSPOKEN and self.spec.film.cog == 1:
            error, sentence = _UNSPOKEN[fault]
            raise error(sentence)


def _health(fault: Fault) -> Health:
    return Health(
        chip_id=0 if fault is Fault.UNSUPPORTED_COG else None,
        whole=fault is not Fault.BROKEN,
        pumps=fault is not Fault.DC_FAILED,
        busy=fault is Fault.BUSY_STUCK,
    )


_UNSPOKEN = {
    Fault.UNSUPPORTED_COG: (UnsupportedCogError, "the controller has an unknown identity"),
    Fault.BROKEN: (PanelBrokenError, "the glass is broken"),
    Fault.DC_FAILED: (DcFailedError, "the charge pumps did not reach their voltage"),
}
"""What the chip of film 110 cannot tell; the simulation tells it in its place, so that people
can see what their programs make of it."""
