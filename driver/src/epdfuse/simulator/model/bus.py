"""The model as a bus: takes the events of a driver, and answers like a chip."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from epdfuse.hardware.bus import (
    READ_CHIP_ID,
    REGISTER_INDEX,
    REGISTER_READ,
    REGISTER_WRITE,
    Lines,
    Pin,
    play_lines,
)
from epdfuse.panel.spec import PanelSpec
from epdfuse.simulator.model.glass import FLOAT, RESIDUE, Glass
from epdfuse.simulator.model.registers import (
    LINE_DATA,
    PUMPS,
    STATUS,
    RegisterError,
    Registers,
    rules,
)
from epdfuse.simulator.model.wiring import Line, LineError, wiring

_WHOLE, _VOLTAGE = 0x80, 0x40
_BORDER_CODES = {0x00, 0xAA, 0xFF}
_NEEDED_MS = {"1.44": 480, "1.9": 480, "2.0": 480, "2.6": 630, "2.7": 630}
_NEEDED_MS_FILM_230 = 155
_RESIDUE_OF_A_LINE = 0.6
"""A line sent once, without a stage that holds it (film 230)."""
_WIRE_MS_PER_BYTE = 0.001
"""At 8 MHz."""


@dataclass(slots=True)
class Health:
    """How the modelled panel is; change it to make the panel fail."""

    chip_id: int | None = None
    """None: the right one."""
    whole: bool = True
    pumps: bool = True
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What there is to see after a command.

    Two of them are equal when the glass shows the same, in the same condition, and the chip
    had the same to complain about.
    """

    image: bytes
    complaints: tuple[str, ...]
    charges: tuple[int, ...]
    pulses: tuple[int, ...]
    """How often each row was driven."""
    border: tuple[tuple[int, int], ...]
    """How often the border got each code."""
    writes: tuple[tuple[int, int], ...]
    """How often each register was written."""


class Pace(Protocol):
    """How time passes."""

    def wait(self, milliseconds: float) -> None:
        """Let so much time pass after what came before."""


class NoPace:
    """Time does not pass."""

    def wait(self, milliseconds: float) -> None:
        """Return at once."""


class ModelBus:
    """A bus with a chip and a glass at its end.

    The chip refuses what a chip would: it complains, and does nothing.

    Args:
        spec: what panel to be.
        pace: how time passes.
        changed: called when the glass shows something new.
    """

    def __init__(
        self,
        spec: PanelSpec,
        pace: Pace | None = None,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self.spec = spec
        self.health = Health()
        self.glass = Glass(spec.width, spec.height)
        self._pace = pace or NoPace()
        self._changed = changed
        self._wiring = wiring(spec)
        self._rules = rules(spec)
        self._registers = Registers(self._rules)
        self._pins = dict.fromkeys(Pin, 0)
        self._index: int | None = None
        self._latch: Line | None = None
        self._identified = 0
        self._clock = 0
        self._stage_ms = 0
        self._wire_ms = 0.0
        self._complaints: list[str] = []
        self._border: Counter[int] = Counter()
        self._writes: Counter[int] = Counter()
        self._pulses = [0] * spec.height

    @property
    def observation(self) -> Observation:
        """What there is to see; counts begin with `start_observation`."""
        return Observation(
            image=self.glass.image,
            complaints=tuple(self._complaints),
            charges=self.glass.charges,
            pulses=tuple(self._pulses),
            border=tuple(sorted(self._border.items())),
            writes=tuple(sorted(self._writes.items())),
        )

    @property
    def powered(self) -> bool:
        """Whether the panel has its supply."""
        return bool(self._pins[Pin.PANEL_ON])

    @property
    def pumping(self) -> bool:
        """Whether charge pumps run."""
        return self.powered and self._registers.pumping

    def start_observation(self) -> None:
        """Forget complaints and counts, and keep the glass."""
        self._complaints.clear()
        self._border.clear()
        self._writes.clear()
        self._pulses = [0] * self.spec.height

    def set_pin(self, pin: Pin, level: int) -> None:
        """Take a level; a reset or the loss of power empties the registers."""
        if pin in {Pin.PANEL_ON, Pin.RESET} and not level:
            self._reset()
        self._pins[pin] = level

    def set_pwm(self, duty: int) -> None:
        """Take the pump clock."""
        self._clock = duty

    def read_busy(self) -> int:
        """High while the chip is not ready."""
        return int(self.health.busy)

    def wait(self, microseconds: int) -> None:
        """Let time pass."""
        self._pace.wait(microseconds / 1000)

    def spi_on(self) -> None:
        """Nothing: the zero byte selects no register."""

    def spi_off(self) -> None:
        """Nothing: the zero byte selects no register."""

    def send(self, data: bytes) -> None:
        """Take a write."""
        try:
            self._take(data)
        except (LineError, RegisterError) as error:
            self._complaints.append(str(error))

    def transfer(self, data: bytes) -> bytes:
        """Answer a read of identity or status."""
        return bytes([0, self._answer(data)])

    def send_lines(self, lines: Lines) -> None:
        """Take whole lines; within a stage the first frame counts for all that repeat it."""
        play_lines(self, lines)
        self._pace.wait(self._wire_ms)
        self._wire_ms = 0.0
        if self._stage_ms:
            self._changed()

    def start_stage(self, milliseconds: int) -> None:
        """Take what comes now as driven for so long."""
        self._stage_ms = milliseconds

    def stage_running(self) -> bool:
        """Let the rest of the stage pass, as if the frame was repeated all the time."""
        self._pace.wait(self._stage_ms)
        self._stage_ms = 0
        return False

    def close(self) -> None:
        """Nothing to let go of."""

    def _reset(self) -> None:
        try:
            self._registers.check_resting()
        except RegisterError as error:
            self._complaints.append(str(error))
        self._registers.reset()
        self._index, self._latch, self._identified = None, None, 0

    def _take(self, data: bytes) -> None:
        if not (self.powered and self._pins[Pin.RESET]):
            raise RegisterError(f"{data.hex()} sent to a chip without power")
        header, content = data[0], data[1:]
        if header == REGISTER_INDEX and len(content) == 1:
            self._index = content[0]
        elif header == REGISTER_WRITE and self._index is not None:
            self._write(self._index, content)
        else:
            raise RegisterError(f"{data[:2].hex()} is nothing that can be sent")

    def _write(self, index: int, content: bytes) -> None:
        self._writes[index] += 1
        if index == LINE_DATA:
            self._latch = self._checked(self._wiring.decode(content))
            return
        if index == PUMPS and content == b"\x01":
            self._check_start()
        if self._registers.write(index, content):
            self._put_out()

    def _check_start(self) -> None:
        if self._rules.clocked and not self._clock:
            raise RegisterError("the first charge pump has no clock")
        if self.health.pumps and self._registers.voltage_reached:
            raise RegisterError("the charge pumps are started while they run")

    def _checked(self, line: Line) -> Line:
        floating = line.codes.count(FLOAT)
        if floating not in {0, len(line.codes)}:
            raise LineError("some pixels of a line are left floating")
        if line.border not in _BORDER_CODES:
            raise LineError("the border is driven in parts")
        return line

    def _put_out(self) -> None:
        """Drive the glass by the line that was sent last."""
        self._registers.check_driving()
        line, self._latch = self._latch, None
        if line is None:
            raise RegisterError("there is no line to put out")
        self._border[line.border] += 1
        if line.row is None:
            self._check_dummy(line)
            return
        self._pulses[line.row] += 1
        self.glass.drive(line.row, line.codes, self._residue())

    def _check_dummy(self, line: Line) -> None:
        if len(set(line.codes)) != 1:
            raise LineError("a line for no row drives pixels")

    def _residue(self) -> float:
        """What is left of a shade; sending takes its own time only outside of a stage."""
        if not self._stage_ms:
            self._wire_ms += self._wiring.length * _WIRE_MS_PER_BYTE
            return _RESIDUE_OF_A_LINE
        film_230 = self.spec.film.number == 230  # noqa: PLR2004
        needed = _NEEDED_MS_FILM_230 if film_230 else _NEEDED_MS[self.spec.size]
        return float(RESIDUE ** (self._stage_ms / needed))

    def _answer(self, data: bytes) -> int:
        if self._rules.identity is None or not self.powered:
            return 0
        if data == bytes([READ_CHIP_ID, 0]):
            return self._identity()
        if data == bytes([REGISTER_READ, 0]) and self._index == STATUS:
            return self._status()
        self._complaints.append(f"{data.hex()} is nothing that can be read")
        return 0

    def _identity(self) -> int:
        """The first answer after a reset is not valid."""
        self._identified += 1
        right = self._rules.identity if self.health.chip_id is None else self.health.chip_id
        return right or 0 if self._identified > 1 else 0

    def _status(self) -> int:
        reached = self.health.pumps and self._registers.voltage_reached
        return _WHOLE * self.health.whole | _VOLTAGE * reached
