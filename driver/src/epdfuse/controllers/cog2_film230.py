"""COG 2, film 230: 1.44, 2.0 and 2.7 inch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from epdfuse.controllers import cog2
from epdfuse.controllers.base import CHANNEL_SELECT, MILLISECOND, Controller
from epdfuse.controllers.encoding import (
    ALL_BLACK,
    ALL_FLOAT,
    ALL_WHITE,
    COMPENSATE,
    NORMAL,
    LineFormat,
    encode_dummy,
    encode_image,
    encode_uniform,
    line_size,
    scan_downwards,
)
from epdfuse.hardware.bus import (
    REGISTER_WRITE,
    Around,
    Bus,
    Lines,
    Pin,
    SetPin,
    Wait,
    play,
    register,
)
from epdfuse.panel.spec import DcFailedError

_AROUND = Around(before=(cog2.SELECT_LINE_DATA,), after=cog2.LINE_OUT)


@dataclass(frozen=True, slots=True)
class Sweep:
    """A stage without a timer: a block of lines moves down the glass step by step.

    Each block is sent with its first `step` lines blank, once it is whole.
    """

    repeat: int
    step: int
    block: int


@dataclass(frozen=True, slots=True)
class Waveform:
    """What one range of temperature needs: a sweep before and after `blinks` of black and white."""

    sweep: Sweep
    blink_ms: int
    blinks: int = 4


@dataclass(frozen=True, slots=True)
class Panel:
    """What differs between the sizes; waveforms for < 10 °C, 10 to 40 °C and > 40 °C."""

    rows: int
    width: int
    voltage_level: int
    waveforms: tuple[Waveform, Waveform, Waveform]
    border_lines: bool = True
    """The border is discharged by two lines; else by its pin."""


_COLD_SMALL = Waveform(Sweep(2, 6, 42), 392)
PANELS: Mapping[str, Panel] = {
    "1.44": Panel(
        96,
        128,
        0x03,
        (_COLD_SMALL, Waveform(Sweep(4, 2, 16), 155), Waveform(Sweep(4, 2, 16), 155)),
    ),
    "2.0": Panel(
        96,
        200,
        0x03,
        (_COLD_SMALL, Waveform(Sweep(2, 2, 48), 196), Waveform(Sweep(4, 2, 48), 196)),
    ),
    "2.7": Panel(
        176,
        264,
        0x00,
        (
            Waveform(Sweep(2, 8, 64), 392),
            Waveform(Sweep(2, 4, 32), 196),
            Waveform(Sweep(4, 8, 64), 196),
        ),
        border_lines=False,
    ),
}
_COLD_BELOW, _WARM_ABOVE = 10, 40

_BORDER_PULSE = (SetPin(Pin.BORDER, 0), Wait(200 * MILLISECOND), SetPin(Pin.BORDER, 1))
_STOP_PUMPS = (
    *register(cog2.LATCH, 0x01),
    *register(cog2.OUTPUT_ENABLE, 0x05),
    *register(cog2.PUMPS, 0x03),
    *register(cog2.PUMPS, 0x01),
    Wait(240 * MILLISECOND),
    *register(cog2.PUMPS, 0x00),
    *register(cog2.OSCILLATOR, 0x01),
    *register(cog2.POWER_SETTING, 0x83),
    Wait(30 * MILLISECOND),
)


class Film230Controller(Controller):
    """Drives a panel of film 230, given by its size in inches. It has no partial update."""

    def __init__(self, size: str, bus: Bus) -> None:
        super().__init__(bus)
        self._panel = PANELS[size]
        self._channel_select = CHANNEL_SELECT[size]
        self._form = _form(self._panel)

    def _identify(self) -> None:
        cog2.identify(self.bus, self.busy_timeout)

    def _start(self) -> None:
        cog2.start(self.bus, self._channel_select)
        play(self.bus, register(cog2.OUTPUT_ENABLE, 0x40))

    def _clear(self) -> None:
        self._sweep(self._uniform(ALL_BLACK))
        self._blink()
        self._sweep(self._uniform(ALL_WHITE))

    def _update(self, old: bytes, new: bytes) -> None:  # noqa: ARG002  (film 230 needs no old image)
        self._sweep(self._lines(encode_image(self._form, COMPENSATE, new)))
        self._blink()
        self._sweep(self._lines(encode_image(self._form, NORMAL, new)))

    def _partial(self, old: bytes, new: bytes, stage_ms: int | None) -> None:  # noqa: ARG002
        self._update(old, new)

    def _stop(self) -> None:
        around = self._around_with_voltage()
        self.bus.send_lines(replace(self._uniform(ALL_FLOAT), around=around))
        if self._panel.border_lines:
            self._discharge_border()
        self.bus.send_lines(replace(self._dummy(ALL_FLOAT), around=around))
        if not self._panel.border_lines:
            play(self.bus, _BORDER_PULSE)
        if not cog2.voltage_reached(self.bus):
            raise DcFailedError(
                "the charge pumps of the panel lost their voltage", glass_disturbed=True
            )
        play(self.bus, _STOP_PUMPS)

    def _discharge_border(self) -> None:
        self.bus.send_lines(self._dummy(ALL_BLACK))
        self.bus.wait(40 * MILLISECOND)
        self.bus.send_lines(self._dummy(ALL_WHITE))
        self.bus.wait(200 * MILLISECOND)

    def _sweep(self, frame: Lines) -> None:
        sweep, blank = self._waveform().sweep, self._uniform(ALL_FLOAT)
        for begin, end in _blocks(sweep, len(frame)):
            blanks = sweep.step if end - begin == sweep.block else 0
            self.bus.send_lines(blank.part(begin, begin + blanks))
            self.bus.send_lines(frame.part(begin + blanks, end))

    def _blink(self) -> None:
        waveform = self._waveform()
        for _ in range(waveform.blinks):
            for pixels in (ALL_BLACK, ALL_WHITE):
                self._stage(waveform.blink_ms, self._uniform(pixels).backwards())

    def _waveform(self) -> Waveform:
        cold, normal, warm = self._panel.waveforms
        if self.celsius < _COLD_BELOW:
            return cold
        return warm if self.celsius > _WARM_ABOVE else normal

    def _around_with_voltage(self) -> Around:
        setting = register(cog2.POWER_SETTING, self._panel.voltage_level)
        return replace(_AROUND, before=(*setting, *_AROUND.before))

    def _uniform(self, pixels: int) -> Lines:
        return self._lines(encode_uniform(self._form, pixels))

    def _dummy(self, border: int) -> Lines:
        return self._lines(encode_dummy(replace(self._form, head=_head(border)), ALL_FLOAT))

    def _lines(self, data: bytes) -> Lines:
        return Lines(data, line_size(self._form), _AROUND)


def _head(border: int) -> bytes:
    return bytes([REGISTER_WRITE, border])


def _form(panel: Panel) -> LineFormat:
    columns = (cog2.ODD_PIXELS, cog2.EVEN_PIXELS)
    return LineFormat(panel.rows, panel.width // 8, _head(ALL_FLOAT), *columns, b"", scan_downwards)


def _blocks(sweep: Sweep, rows: int) -> Iterator[tuple[int, int]]:
    """First line and end of every block, for all repeats; blocks may reach beyond the glass."""
    for _ in range(sweep.repeat):
        for end in range(sweep.step, rows + sweep.block, sweep.step):
            yield max(0, end - sweep.block), end
