"""COG 1, film 110: 1.44, 2.0 and 2.7 inch; its first charge pump is clocked by the host (PWM).

The chip has no identity and no status to read: a broken panel of this film goes unnoticed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from epdfuse.controllers.base import (
    CHANNEL_SELECT,
    DARK,
    MILLISECOND,
    RESET_PULSE,
    STAGES,
    FourStageController,
    wait_until_ready,
)
from epdfuse.controllers.encoding import (
    ALL_HOLD,
    Column,
    LineFormat,
    encode_dummy,
    encode_uniform,
    scan_upwards,
)
from epdfuse.hardware.bus import (
    REGISTER_INDEX,
    REGISTER_WRITE,
    Around,
    Bus,
    Pin,
    Script,
    Send,
    SetPin,
    SetPwm,
    SpiOff,
    SpiOn,
    Step,
    Wait,
    play,
    register,
)

_CHANNELS, _OUTPUT_ENABLE, _LATCH, _VOLTAGE_LEVEL, _PUMPS, _PUMP_FREQUENCY = range(1, 7)
_OSCILLATOR, _ADC, _VCOM_LEVEL, _LINE_DATA = range(7, 11)

_PAUSE = Wait(10)
"""This chip needs ten microseconds before each transfer."""
_HALF_DUTY = 511

_EVEN_PIXELS = Column(((7, 5, 3, 1),), backwards=True)
_ODD_PIXELS = Column(((0, 2, 4, 6),))


@dataclass(frozen=True, slots=True)
class Panel:
    """What differs between the sizes."""

    form: LineFormat
    stage_ms: int
    voltage_level: int
    border_pulse: bool


def _form(rows: int, width: int, *, border_byte: bool) -> LineFormat:
    head, tail = (b"\0", b"") if border_byte else (b"", b"\0")
    head = bytes([REGISTER_WRITE]) + head
    return LineFormat(rows, width // 8, head, _EVEN_PIXELS, _ODD_PIXELS, tail, scan_upwards)


PANELS: Mapping[str, Panel] = {
    "1.44": Panel(_form(96, 128, border_byte=True), 480, 0x03, border_pulse=False),
    "2.0": Panel(_form(96, 200, border_byte=False), 480, 0x03, border_pulse=True),
    "2.7": Panel(_form(176, 264, border_byte=False), 630, 0x00, border_pulse=True),
}


def _paused(script: Script) -> Script:
    """Put the pause this chip needs before each transfer."""
    return tuple(step for send in script for step in _with_pause(send))


def _with_pause(step: Step) -> Script:
    return (_PAUSE, step) if isinstance(step, Send) else (step,)


_POWER_UP = (*DARK, SetPwm(_HALF_DUTY), Wait(25 * MILLISECOND), *RESET_PULSE)
_AFTER_LEVELS = _paused(
    (
        Wait(5 * MILLISECOND),
        *register(_LATCH, 0x01),
        *register(_LATCH, 0x00),
        Wait(5 * MILLISECOND),
        *register(_PUMPS, 0x01),
        Wait(30 * MILLISECOND),
        SetPwm(0),
        *register(_PUMPS, 0x03),
        Wait(30 * MILLISECOND),
        *register(_PUMPS, 0x0F),
        Wait(30 * MILLISECOND),
        *register(_OUTPUT_ENABLE, 0x24),
        SpiOff(),
    )
)
_STOP_PUMPS = _paused(
    (
        SpiOn(),
        *register(_LATCH, 0x01),
        *register(_OUTPUT_ENABLE, 0x05),
        *register(_PUMPS, 0x0E),
        *register(_PUMPS, 0x02),
        *register(_VOLTAGE_LEVEL, 0x0C),
        Wait(120 * MILLISECOND),
        *register(_PUMPS, 0x00),
        *register(_OSCILLATOR, 0x0D),
        *register(_VOLTAGE_LEVEL, 0x50),
        Wait(40 * MILLISECOND),
        *register(_VOLTAGE_LEVEL, 0xA0),
        Wait(40 * MILLISECOND),
        *register(_VOLTAGE_LEVEL, 0x00),
        _PAUSE,
    )
)
_BORDER_PULSE = (
    Wait(25 * MILLISECOND),
    SetPin(Pin.BORDER, 0),
    Wait(250 * MILLISECOND),
    SetPin(Pin.BORDER, 1),
)


class Film110Controller(FourStageController):
    """Drives a panel of film 110, given by its size in inches."""

    def __init__(self, size: str, bus: Bus) -> None:
        self._panel = PANELS[size]
        self._channel_select = CHANNEL_SELECT[size]
        super().__init__(bus, self._panel.form, _around(self._panel), self._panel.stage_ms)

    def cut_power(self) -> None:
        """Take the power away at once; the pump clock first, when it still runs."""
        try:
            self.bus.set_pwm(0)
        finally:
            super().cut_power()

    def _identify(self) -> None:
        play(self.bus, _POWER_UP)
        wait_until_ready(self.bus, self.busy_timeout)

    def _start(self) -> None:
        play(self.bus, _configuration(self._panel, self._channel_select))
        play(self.bus, _AFTER_LEVELS)

    def _partial(self, old: bytes, new: bytes, stage_ms: int | None) -> None:
        for drive, image, other in zip(
            STAGES, (old, old, new, new), (new, new, old, old), strict=True
        ):
            self._draw_changes(drive, image, other, stage_ms)

    def _stop(self) -> None:
        self.bus.send_lines(self._lines(encode_uniform(self._form, ALL_HOLD)))
        self.bus.send_lines(self._lines(encode_dummy(self._form, ALL_HOLD)))
        if self._panel.border_pulse:
            play(self.bus, _BORDER_PULSE)
        else:
            self.bus.wait(250 * MILLISECOND)
        play(self.bus, _STOP_PUMPS)


def _around(panel: Panel) -> Around:
    """Before each line the voltage level is set again, and the line is announced."""
    announce = (Send(bytes([REGISTER_INDEX, _LINE_DATA])), _PAUSE)
    before = _paused(register(_VOLTAGE_LEVEL, panel.voltage_level)) + _paused(announce)
    return Around((SpiOn(), *before), (*_paused(register(_OUTPUT_ENABLE, 0x2F)), SpiOff()))


def _configuration(panel: Panel, channel_select: bytes) -> Script:
    return _paused(
        (
            *register(_CHANNELS, *channel_select),
            *register(_PUMP_FREQUENCY, 0xFF),
            *register(_OSCILLATOR, 0x9D),
            *register(_ADC, 0x00),
            *register(_VCOM_LEVEL, 0xD0, 0x00),
            *register(_VOLTAGE_LEVEL, panel.voltage_level),
        )
    )
