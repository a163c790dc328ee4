"""Two ways to encode a 2.7 inch frame for one stage and to hand its 176 lines to the bus.

Run as `python work.py ours|bytewise FRAMES`, for instance under an instruction counter.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from epdfuse.controllers import cog2
from epdfuse.controllers.cog2_film231 import PANELS
from epdfuse.controllers.encoding import NORMAL, encode_image, line_size
from epdfuse.hardware.bus import Around, Lines, Pin, SpiOff, SpiOn
from epdfuse.hardware.pwm import NoPwm
from epdfuse.hardware.spi import SpiDevice
from epdfuse.hardware.wired import SpiGpioBus
from epdfuse.panel.spec import panel_spec
from epdfuse.transcript import example_new

SPEC = panel_spec("2.7")
FRAME = example_new(SPEC)
FORM = PANELS[SPEC.size].form
AROUND = Around((SpiOn(), cog2.SELECT_LINE_DATA), (*cog2.LINE_OUT, SpiOff()))

Sender = Callable[[bytes], object]


def ours() -> Callable[[], None]:
    """Give the driver's own way, down to the system calls, which do nothing."""
    device = SpiDevice(Path("/dev/null"), ioctl=_no_ioctl)
    bus = SpiGpioBus(device, _NoPins(), NoPwm())
    return lambda: bus.send_lines(encoded())


def encoded() -> Lines:
    """Give the lines of a frame as the driver makes them."""
    return Lines(encode_image(FORM, NORMAL, FRAME), line_size(FORM), AROUND)


def bytewise(send: Sender = lambda _data: None) -> Callable[[], None]:
    """Give the way of the reference: each byte by itself, each write by itself."""

    def frame() -> None:
        for row in range(SPEC.height):
            _bytewise_line(row, send)

    return frame


def _bytewise_line(row: int, send: Sender) -> None:
    send(b"\0")
    send(b"\x70\x0a")
    send(bytes(_bytewise_content(row)))
    for data in (b"\x70\x02", b"\x72\x07", b"\0"):
        send(data)


def _bytewise_content(row: int) -> list[int]:
    start = row * SPEC.row_bytes
    line = [0x72, 0x00]
    for position in range(SPEC.row_bytes, 0, -1):
        line.append(0xAA | FRAME[start + position - 1] & 0x55)  # noqa: PERF401 - it is the slow way
    for position in range(SPEC.height // 4, 0, -1):
        here = row // 4 == position - 1
        line.append(0x03 << 2 * (row & 0x03) if here else 0x00)
    for position in range(SPEC.row_bytes):
        pixels = 0xAA | FRAME[start + position] >> 1 & 0x55
        first, second = pixels << 6 & 0xC0, pixels << 2 & 0x30
        line.append(first | second | pixels >> 2 & 0x0C | pixels >> 6 & 0x03)
    return line


class _NoPins:
    """Pins that lead nowhere."""

    def set(self, _pin: Pin, _level: int) -> None:
        """Drive nothing."""

    def busy(self) -> int:
        """Never."""
        return 0

    def close(self) -> None:
        """Nothing to give back."""


def _no_ioctl(_file: int, _request: int, _value: Any) -> int:
    return 0


WAYS: dict[str, Callable[[], Callable[[], None]]] = {"ours": ours, "bytewise": bytewise}

if __name__ == "__main__":
    work = WAYS[sys.argv[1]]()
    for _ in range(int(sys.argv[2])):
        work()
