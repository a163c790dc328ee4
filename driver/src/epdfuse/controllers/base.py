"""What all controllers have in common: power, stages, temperature."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, repeat

from epdfuse.controllers.encoding import (
    ALL_BLACK,
    ALL_WHITE,
    COMPENSATE,
    INVERSE,
    NORMAL,
    WHITEN,
    Drive,
    LineFormat,
    encode_changes,
    encode_image,
    encode_uniform,
    line_size,
)
from epdfuse.hardware.bus import Around, Bus, Lines, Pin, Script, SetPin, SpiOff, SpiOn, Wait, play
from epdfuse.panel.spec import DEFAULT_TEMPERATURE, BusyTimeoutError

MILLISECOND = 1000
"""In the microseconds of the bus."""

_COLDEST_FACTOR = 170
_FACTORS = ((40, 7), (20, 10), (15, 20), (10, 30), (5, 40), (-5, 80), (-10, 120))
"""Above so many degrees a stage lasts so many tenths of its base time (docs/contracts.md)."""

_EAGER_POLLS = 500
_EAGER_PAUSE = 10
_PATIENT_PAUSE = 1 * MILLISECOND

DARK: Script = (
    SetPin(Pin.RESET, 0),
    SetPin(Pin.PANEL_ON, 0),
    SetPin(Pin.DISCHARGE, 0),
    SetPin(Pin.BORDER, 0),
    SpiOn(),
)
"""All outputs low before the panel gets power, so nothing feeds it through its inputs."""

RESET_PULSE: Script = (
    SetPin(Pin.PANEL_ON, 1),
    Wait(10 * MILLISECOND),
    SetPin(Pin.RESET, 1),
    SetPin(Pin.BORDER, 1),
    Wait(5 * MILLISECOND),
    SetPin(Pin.RESET, 0),
    Wait(5 * MILLISECOND),
    SetPin(Pin.RESET, 1),
    Wait(5 * MILLISECOND),
)

POWER_CUT: Script = (
    SetPin(Pin.RESET, 0),
    SetPin(Pin.PANEL_ON, 0),
    SetPin(Pin.BORDER, 0),
    SpiOff(),
    SetPin(Pin.DISCHARGE, 1),
    Wait(150 * MILLISECOND),
    SetPin(Pin.DISCHARGE, 0),
)
"""Take the power away and bleed what the charge pumps hold."""


def stage_factor(celsius: int) -> int:
    """Tenths of the base time a stage lasts: cold glass needs longer."""
    return next((factor for above, factor in _FACTORS if celsius > above), _COLDEST_FACTOR)


def wait_until_ready(bus: Bus, timeout: float) -> None:
    """Wait for the BUSY line to fall; a healthy panel needs microseconds.

    Raises:
        BusyTimeoutError: it did not within `timeout` seconds.
    """
    patient = round((timeout * 1_000_000 - _EAGER_POLLS * _EAGER_PAUSE) / _PATIENT_PAUSE)
    for pause in chain(repeat(_EAGER_PAUSE, _EAGER_POLLS), repeat(_PATIENT_PAUSE, patient)):
        if not bus.read_busy():
            return
        bus.wait(pause)
    raise BusyTimeoutError(
        f"the panel was still busy after {timeout:g} s; is it connected, and its cable seated?"
    )


class Controller(ABC):
    """One controller on a bus.

    `begin`, then one of `clear`, `update`, `partial`, then `end`. Whatever fails in between,
    the panel has no power any more when the error comes out.
    """

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.celsius = DEFAULT_TEMPERATURE
        self.powered = False
        self.busy_timeout = 3.0

    def begin(self) -> None:
        """Power up, identify the chip, start its charge pumps; nothing when they run already.

        Raises:
            PanelError: the chip is another one, or the glass or the pumps are broken.
            OSError: the bus failed.
        """
        if self.powered:
            return
        with self._power_cut_on_failure():
            self._identify()
            self._start()
        self.powered = True

    def end(self) -> None:
        """Stop the charge pumps in order and cut the power.

        Raises:
            PanelError: the pumps had lost their voltage.
            OSError: the bus failed.
        """
        with self._power_cut_on_failure():
            self._stop()
            play(self.bus, POWER_CUT)
        self.powered = False

    def probe(self) -> None:
        """See that the panel answers, without starting its pumps, and cut the power again.

        Raises:
            PanelError: the chip is another one, or the glass is broken.
            OSError: the bus failed.
        """
        with self._power_cut_on_failure():
            self._identify()
        self.cut_power()

    def cut_power(self) -> None:
        """Take the power away at once. Tries every step even when one fails.

        Raises:
            OSError: the last step that failed.
        """
        self.powered = False
        with ExitStack() as steps:
            for step in reversed(POWER_CUT):
                steps.callback(step.play, self.bus)

    def clear(self) -> None:
        """Make the glass white."""
        with self._power_cut_on_failure():
            self._clear()

    def update(self, old: bytes, new: bytes) -> None:
        """Change the glass from one frame to another, driving every pixel."""
        with self._power_cut_on_failure():
            self._update(old, new)

    def partial(self, old: bytes, new: bytes, stage_ms: int | None = None) -> None:
        """Change the pixels that differ; `stage_ms` replaces the time of the temperature."""
        with self._power_cut_on_failure():
            self._partial(old, new, stage_ms)

    @abstractmethod
    def _identify(self) -> None:
        """Power up without the charge pumps; see that the right chip is there."""

    @abstractmethod
    def _start(self) -> None:
        """Configure the chip and start its charge pumps."""

    @abstractmethod
    def _stop(self) -> None:
        """Leave the glass without charge and stop the charge pumps."""

    @abstractmethod
    def _clear(self) -> None: ...

    @abstractmethod
    def _update(self, old: bytes, new: bytes) -> None: ...

    @abstractmethod
    def _partial(self, old: bytes, new: bytes, stage_ms: int | None) -> None: ...

    @contextmanager
    def _power_cut_on_failure(self) -> Iterator[None]:
        with ExitStack() as failure:
            failure.callback(self._cut_power_quietly)
            yield
            failure.pop_all()

    def _cut_power_quietly(self) -> None:
        """The first error is the one to report, not that the bus is still broken."""
        with suppress(OSError):
            self.cut_power()

    def _stage(self, milliseconds: int, lines: Lines) -> None:
        """Send a frame again and again while a stage lasts."""
        self.bus.start_stage(milliseconds)
        self.bus.send_lines(lines)
        while self.bus.stage_running():
            self.bus.send_lines(lines)


CHANNEL_SELECT = {
    "1.44": bytes.fromhex("00000000000fff00"),
    "1.9": bytes.fromhex("00000003fc0000ff"),
    "2.0": bytes.fromhex("0000000001ffe000"),
    "2.6": bytes.fromhex("00001fe0000000ff"),
    "2.7": bytes.fromhex("0000007ffffe0000"),
}
"""Which outputs of the chip are wired to the glass; the same in all films."""

STAGES = (COMPENSATE, WHITEN, INVERSE, NORMAL)
CLEARING = (
    (COMPENSATE, ALL_BLACK),
    (WHITEN, ALL_BLACK),
    (INVERSE, ALL_WHITE),
    (NORMAL, ALL_WHITE),
)
"""Which uniform frame clearing shows in each stage."""


class FourStageController(Controller):
    """A controller of films 231 and 110: old picture away in two stages, new one in two.

    Args:
        bus: where the panel is.
        form: layout of its lines.
        around: what the chip wants before and after the data of each line.
        base_stage_ms: time of a stage at 21 to 40 °C.
    """

    def __init__(self, bus: Bus, form: LineFormat, around: Around, base_stage_ms: int) -> None:
        super().__init__(bus)
        self._form = form
        self._around = around
        self._base_stage_ms = base_stage_ms

    def _clear(self) -> None:
        """Black twice, white twice: erases whatever was there."""
        for drive, pixels in CLEARING:
            lines = self._lines(encode_uniform(self._form_for(drive), pixels))
            self._stage(self._stage_ms(), lines)

    def _update(self, old: bytes, new: bytes) -> None:
        for drive, image in zip(STAGES, (old, old, new, new), strict=True):
            self._draw(drive, image)

    def _draw(self, drive: Drive, image: bytes, stage_ms: int | None = None) -> None:
        """Drive every pixel by what it is in `image`."""
        lines = self._lines(encode_image(self._form_for(drive), drive, image))
        self._stage(stage_ms or self._stage_ms(), lines)

    def _draw_changes(self, drive: Drive, image: bytes, other: bytes, stage_ms: int | None) -> None:
        """Drive the pixels of `image` that are not the same in `other`."""
        lines = self._lines(encode_changes(self._form_for(drive), drive, image, other))
        self._stage(stage_ms or self._stage_ms(), lines)

    def _form_for(self, drive: Drive) -> LineFormat:  # noqa: ARG002  (some panels differ by stage)
        return self._form

    def _lines(self, data: bytes) -> Lines:
        return Lines(data, line_size(self._form), self._around)

    def _stage_ms(self) -> int:
        return self._base_stage_ms * stage_factor(self.celsius) // 10
