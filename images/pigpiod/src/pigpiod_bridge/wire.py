"""The bytes of the pigpiod socket protocol, version 79. Pure: no sockets, no clock.

Numbers and layouts are facts of the original's ``pigpio.h`` and ``command.h``. All words are
little-endian. A request is 16 bytes and an extension, an answer 16 bytes, a report 12 bytes.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

PROTOCOL_VERSION: Final = 79
EXTENSION_LIMIT: Final = 65_536
WORD: Final = 0xFFFF_FFFF

_REQUEST = struct.Struct("<4I")
_ANSWER = struct.Struct("<4I")
_REPORT = struct.Struct("<2H2I")

FLAG_WATCHDOG: Final = 0x20
FLAG_KEEP_ALIVE: Final = 0x40

ANSWER_SIZE: Final = _ANSWER.size
REPORT_SIZE: Final = _REPORT.size


class Command(IntEnum):
    """The commands that this bridge knows; every other number is unknown to it."""

    MODES = 0
    MODEG = 1
    PUD = 2
    READ = 3
    WRITE = 4
    WDOG = 9
    BR1 = 10
    TICK = 16
    HWVER = 17
    NB = 19
    NP = 20
    NC = 21
    PIGPV = 26
    FG = 97
    FN = 98
    NOIB = 99
    EVM = 115


class Status(IntEnum):
    """The results that are no value."""

    OK = 0
    BAD_USER_GPIO = -2
    BAD_GPIO = -3
    BAD_MODE = -4
    BAD_LEVEL = -5
    BAD_PUD = -6
    BAD_WDOG_TIMEOUT = -15
    NO_HANDLE = -24
    BAD_HANDLE = -25
    NOT_PERMITTED = -41
    UNKNOWN_COMMAND = -88
    BAD_FILTER = -125


class ProtocolError(ValueError):
    """The peer sent what no client of this protocol sends; the connection is of no more use."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: command number, two unsigned 32-bit words, extension."""

    command: int
    p1: int = 0
    p2: int = 0
    extension: bytes = b""

    def encode(self) -> bytes:
        """Returns the bytes that a client sends."""
        header = _REQUEST.pack(self.command, self.p1, self.p2, len(self.extension))
        return header + self.extension


class RequestDecoder:
    """Cuts a byte stream into requests, however the bytes arrive.

    Holds at most one incomplete request besides what the last ``feed`` brought.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes | memoryview) -> None:
        """Appends bytes as they came from the peer."""
        self._buffer += data

    def take(self) -> Request | None:
        """Returns the next complete request, or None until more bytes are fed.

        Raises:
            ProtocolError: the request announces an extension of 65,536 bytes or more.
        """
        if len(self._buffer) < _REQUEST.size:
            return None
        command, p1, p2, length = _REQUEST.unpack_from(self._buffer)
        if length >= EXTENSION_LIMIT:
            raise ProtocolError(f"extension of {length} bytes; at most {EXTENSION_LIMIT - 1}")
        return self._cut(command, p1, p2, _REQUEST.size + length)

    def _cut(self, command: int, p1: int, p2: int, end: int) -> Request | None:
        if len(self._buffer) < end:
            return None
        request = Request(command, p1, p2, bytes(self._buffer[_REQUEST.size : end]))
        del self._buffer[:end]
        return request


def encode_answer(request: Request, result: int) -> bytes:
    """Returns the 16 bytes that answer ``request``; ``result`` is an i32 or a u32."""
    return _ANSWER.pack(request.command, request.p1, request.p2, result & WORD)


def decode_answer(data: bytes) -> tuple[int, int, int, int]:
    """Returns command, p1, p2 and the result as u32 of a 16-byte answer."""
    command, p1, p2, result = _ANSWER.unpack(data)
    return command, p1, p2, result


@dataclass(frozen=True, slots=True)
class Report:
    """One report of a stream: what happened at ``tick`` µs, and the levels of GPIO 0 to 31."""

    seqno: int
    flags: int
    tick: int
    levels: int

    def encode(self) -> bytes:
        """Returns 12 bytes; ``seqno`` wraps at 16 bits, ``tick`` at 32."""
        return _REPORT.pack(self.seqno & 0xFFFF, self.flags, self.tick & WORD, self.levels)

    @classmethod
    def decode(cls, data: bytes) -> "Report":
        """Returns the report in 12 bytes."""
        return cls(*_REPORT.unpack(data))


def first_word(extension: bytes) -> int | None:
    """Returns the u32 an extension begins with, None when it is shorter."""
    return int.from_bytes(extension[:4], "little") if len(extension) >= 4 else None  # noqa: PLR2004 a word
