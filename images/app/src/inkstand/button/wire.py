"""The bytes of the pigpiod socket protocol, as far as a button needs them. Pure.

Facts: pigpio's socket interface, https://abyz.me.uk/rpi/pigpio/sif.html; numbers are little-endian.
A request is four u32 (command, p1, p2, length of the extension) and the extension; an answer is
command, p1, p2 echoed and an i32 result; a report is u16 seqno, u16 flags, u32 tick, u32 levels.
"""

from __future__ import annotations

import enum
import struct
from collections import deque
from dataclasses import dataclass

_REQUEST = struct.Struct("<4I")
_ECHO = struct.Struct("<3I")
_ANSWER = struct.Struct("<3Ii")
_REPORT = struct.Struct("<2H2I")

SEQUENCE = 1 << 16


class Command(enum.IntEnum):
    """The commands that a button needs."""

    MODES = 0  # set the mode of a GPIO
    PUD = 2  # set its pull resistor
    BR1 = 10  # read the levels of GPIO 0 to 31
    NB = 19  # begin to report the GPIO of a mask
    FG = 97  # report a level only after it was steady
    NOIB = 99  # make this connection a stream of reports


MODE_INPUT = 0
PULL_DOWN = 1
PULL_UP = 2

# What pigpiod answers instead of a result; from its pigpio.h.
ERRORS = {
    -2: "it cannot be reported",
    -3: "it is no GPIO",
    -4: "it cannot be an input",
    -6: "it has no pull-up",
    -24: "all its report streams are in use",
    -25: "the report stream is gone",
    -41: "it is not permitted",
    -88: "it does not know the command",
    -125: "the glitch filter is out of range",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `p1` and `p2` are u32."""

    command: Command
    p1: int = 0
    p2: int = 0
    extension: bytes = b""

    def encode(self) -> bytes:
        """Return the bytes to send."""
        header = _REQUEST.pack(self.command, self.p1, self.p2, len(self.extension))
        return header + self.extension

    @property
    def echo(self) -> bytes:
        """The 12 bytes its answer begins with."""
        return _ECHO.pack(self.command, self.p1, self.p2)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says to a request; a negative `result` is an error, except BR1's."""

    command: int
    p1: int
    p2: int
    result: int

    @property
    def unsigned(self) -> int:
        """The result as u32, which it is for BR1."""
        return self.result & 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Report:
    """What happened on the lines: `levels` holds GPIO 0 to 31, bit by bit, at `tick` µs."""

    seqno: int
    flags: int
    tick: int
    levels: int

    @property
    def is_change(self) -> bool:
        """Whether a level changed, rather than a watchdog, an event or a sign of life."""
        return self.flags == 0

    def is_high(self, gpio: int) -> bool:
        """Return the level of that GPIO."""
        return bool(self.levels >> gpio & 1)


class Decoder:
    """Cuts what one connection brings into answers and reports, however the bytes arrive.

    Their kind and length cannot be seen from the bytes: an answer is what begins like the answer
    to the oldest request of which expect() was told. A report that looks the same would need the
    command as its sequence number, and a tick and levels that equal the parameters.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._expected: deque[bytes] = deque()

    def expect(self, request: Request) -> None:
        """An answer to `request` will come; to be called before it is sent."""
        self._expected.append(request.echo)

    def feed(self, data: bytes) -> list[Answer | Report]:
        """Return what is complete now that `data` has come, in order."""
        self._buffer += data
        found = []
        while (item := self._take()) is not None:
            found.append(item)
        return found

    def _take(self) -> Answer | Report | None:
        if len(self._buffer) < _REPORT.size:
            return None
        if not self._expected or not self._buffer.startswith(self._expected[0]):
            return Report(*_REPORT.unpack(self._cut(_REPORT.size)))
        if len(self._buffer) < _ANSWER.size:
            return None
        self._expected.popleft()
        return Answer(*_ANSWER.unpack(self._cut(_ANSWER.size)))

    def _cut(self, length: int) -> bytes:
        head = bytes(self._buffer[:length])
        del self._buffer[:length]
        return head
