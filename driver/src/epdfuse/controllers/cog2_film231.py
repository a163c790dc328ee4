"""COG 2, film 231: 1.44, 1.9, 2.0, 2.6 and 2.7 inch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from epdfuse.controllers import cog2
from epdfuse.controllers.base import CHANNEL_SELECT, MILLISECOND, FourStageController
from epdfuse.controllers.encoding import (
    ALL_FLOAT,
    ALL_WHITE,
    NORMAL,
    Column,
    Drive,
    LineFormat,
    encode_dummy,
    scan_around,
    scan_downwards,
)
from epdfuse.hardware.bus import (
    REGISTER_WRITE,
    Around,
    Bus,
    Pin,
    SetPin,
    SpiOff,
    SpiOn,
    Wait,
    play,
    register,
)

_AROUND = Around(before=(SpiOn(), cog2.SELECT_LINE_DATA), after=(*cog2.LINE_OUT, SpiOff()))
_ALL_PIXELS = Column(((7, 6, 5, 4), (3, 2, 1, 0)), backwards=True)


@dataclass(frozen=True, slots=True)
class Panel:
    """What differs between the sizes.

    `border_follows`: the byte after each line drives the border white in the last stage.
    `border_pulse`: the border is discharged by its pin instead of by a line.
    """

    form: LineFormat
    stage_ms: int
    border_follows: bool = False
    border_pulse: bool = False


def _interleaved(rows: int, width: int, head: bytes, tail: bytes) -> LineFormat:
    columns = (cog2.ODD_PIXELS, cog2.EVEN_PIXELS)
    return LineFormat(rows, width // 8, head, *columns, tail, scan_downwards)


def _in_order(rows: int, width: int) -> LineFormat:
    head, tail = bytes([REGISTER_WRITE]), bytes([ALL_FLOAT])
    return LineFormat(rows, width // 8, head, _ALL_PIXELS, Column(), tail, scan_around)


_PLAIN = bytes([REGISTER_WRITE])
_WITH_BORDER = bytes([REGISTER_WRITE, 0])

PANELS: Mapping[str, Panel] = {
    "1.44": Panel(_interleaved(96, 128, _PLAIN, b"\0"), 480),
    "1.9": Panel(_in_order(128, 144), 480, border_follows=True),
    "2.0": Panel(_interleaved(96, 200, _WITH_BORDER, b""), 480),
    "2.6": Panel(_in_order(128, 232), 630, border_follows=True),
    "2.7": Panel(_interleaved(176, 264, _WITH_BORDER, b""), 630, border_pulse=True),
}

_BORDER_PULSE = (
    Wait(25 * MILLISECOND),
    SetPin(Pin.BORDER, 0),
    Wait(200 * MILLISECOND),
    SetPin(Pin.BORDER, 1),
)
_STOP_PUMPS = (
    *register(cog2.POWER_SAVING, 0x00),
    *register(cog2.LATCH, 0x01),
    *register(cog2.PUMPS, 0x03),
    *register(cog2.PUMPS, 0x01),
    Wait(120 * MILLISECOND),
    *register(cog2.POWER_SETTING, 0x80),
    *register(cog2.PUMPS, 0x00),
    *register(cog2.OSCILLATOR, 0x01),
    Wait(50 * MILLISECOND),
)


class Film231Controller(FourStageController):
    """Drives a panel of film 231, given by its size in inches."""

    def __init__(self, size: str, bus: Bus) -> None:
        self._panel = PANELS[size]
        self._channel_select = CHANNEL_SELECT[size]
        super().__init__(bus, self._panel.form, _AROUND, self._panel.stage_ms)

    def _identify(self) -> None:
        cog2.identify(self.bus, self.busy_timeout)

    def _start(self) -> None:
        cog2.start(self.bus, self._channel_select)
        play(self.bus, register(cog2.OUTPUT_ENABLE, 0x04))

    def _partial(self, old: bytes, new: bytes, stage_ms: int | None) -> None:
        """One stage is enough (repaper/gratis issue 19)."""
        if self._panel.border_follows:
            # The reference does not look at the old picture here, so every pixel is driven.
            self._draw(NORMAL, new, stage_ms)
            return
        self._draw_changes(NORMAL, new, old, stage_ms)

    def _stop(self) -> None:
        dummy = self._lines(encode_dummy(self._form, ALL_FLOAT))
        self.bus.send_lines(dummy.repeated(self._form.rows))
        if self._panel.border_pulse:
            self.bus.send_lines(dummy)
            play(self.bus, _BORDER_PULSE)
        else:
            self.bus.send_lines(self._lines(encode_dummy(self._form_for(NORMAL), ALL_FLOAT)))
            self.bus.wait(200 * MILLISECOND)
        play(self.bus, _STOP_PUMPS)

    def _form_for(self, drive: Drive) -> LineFormat:
        if self._panel.border_follows and drive is NORMAL:
            return replace(self._form, tail=bytes([ALL_WHITE]))
        return self._form
