"""SPI by the kernel's spidev.

It is spoken with spidev's own message call (Linux UAPI, `linux/spi/spidev.h`), because that
hands many transfers to the kernel at once, which python3-spidev cannot.
"""

import ctypes
import fcntl
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from epdfuse.hardware.bus import Around, Lines, Send, SpiOff, SpiOn, Step, Wait

DEFAULT_DEVICE = Path("/dev/spidev0.0")
SPEED_HZ = 8_000_000

_WR_MODE, _WR_BITS, _WR_SPEED = 0x40016B01, 0x40016B03, 0x40046B04
_MESSAGE = 0x40006B00
_SIZE_SHIFT = 16

_BUFSIZ = Path("/sys/module/spidev/parameters/bufsiz")
_DEFAULT_BUFSIZ = 4096
_DMA_ALIGN = 128
"""The kernel counts each transfer up to a multiple of this (128 on arm64, less elsewhere)."""
_MAX_TRANSFERS = 511
"""An ioctl carries less than 16 KiB, a transfer takes 32 bytes of it."""

_AFTER_TRANSFER_US = 2
ZERO = b"\0"

Ioctl = Callable[[int, int, Any], int]


class Transfer(ctypes.Structure):
    """`struct spi_ioc_transfer`."""

    _fields_ = (
        ("tx_buf", ctypes.c_uint64),
        ("rx_buf", ctypes.c_uint64),
        ("len", ctypes.c_uint32),
        ("speed_hz", ctypes.c_uint32),
        ("delay_usecs", ctypes.c_uint16),
        ("bits_per_word", ctypes.c_uint8),
        ("cs_change", ctypes.c_uint8),
        ("rest", ctypes.c_uint32),
    )


@dataclass(slots=True)
class _Piece:
    """One transfer to be: bytes that never change, or None for the line's own."""

    constant: bytes | None
    delay_us: int = _AFTER_TRANSFER_US


class LineProgram:
    """System calls that send a number of lines, prepared once and used for every frame.

    Args:
        around: what comes before and after the data of each line.
        size: bytes of a line.
        count: lines of a frame.
        bufsiz: how many bytes the kernel takes in one call.
    """

    def __init__(self, around: Around, size: int, count: int, bufsiz: int) -> None:
        self._data = ctypes.create_string_buffer(max(1, size * count))
        self._constants: list[ctypes.Array[ctypes.c_char]] = []
        pieces = [self._placed(piece, size) for piece in _pieces(around)]
        per_call = _lines_per_call(pieces, bufsiz)
        starts = range(0, count, per_call)
        self.messages = [
            _message(self._transfers(pieces, size, range(start, min(count, start + per_call))))
            for start in starts
        ]

    def load(self, data: bytes) -> None:
        """Put the data of all lines in place."""
        ctypes.memmove(self._data, data, len(data))

    def _placed(self, piece: _Piece, size: int) -> tuple[int | None, int, int]:
        """Address (None: in the line), length and delay of a transfer."""
        if piece.constant is None:
            return None, size, piece.delay_us
        self._constants.append(ctypes.create_string_buffer(piece.constant, len(piece.constant)))
        return ctypes.addressof(self._constants[-1]), len(piece.constant), piece.delay_us

    def _transfers(
        self, pieces: Sequence[tuple[int | None, int, int]], size: int, lines: range
    ) -> Iterator[Transfer]:
        base = ctypes.addressof(self._data)
        for line, (address, length, delay) in itertools.product(lines, pieces):
            yield _transfer(base + line * size if address is None else address, length, delay)


def _pieces(around: Around) -> list[_Piece]:
    """Turn steps into transfers; a pause is the kernel's delay after the transfer before it."""
    pieces: list[_Piece] = []
    for step in (*around.before, None, *around.after):
        if isinstance(step, Wait) and pieces:
            pieces[-1].delay_us += step.microseconds
        else:
            pieces.append(_Piece(_content(step)))
    return pieces


def _content(step: Step | None) -> bytes | None:
    match step:
        case None:
            return None
        case Send(data):
            return data
        case SpiOn() | SpiOff():
            return ZERO
        case _:
            raise TypeError(f"{step} cannot be part of a line")


def _lines_per_call(pieces: Sequence[tuple[int | None, int, int]], bufsiz: int) -> int:
    counted = sum(-(-length // _DMA_ALIGN) * _DMA_ALIGN for _, length, _ in pieces)
    return max(1, min(bufsiz // counted, _MAX_TRANSFERS // len(pieces)))


def _transfer(address: int, length: int, delay_us: int) -> Transfer:
    return Transfer(address, 0, length, SPEED_HZ, delay_us, 8, 1, 0)


def _message(transfers: Iterable[Transfer]) -> "ctypes.Array[Transfer]":
    """Put transfers into one call; the chip is deselected after each of them."""
    listed = list(transfers)
    message = (Transfer * len(listed))(*listed)
    message[-1].cs_change = 0  # after the last one a set bit would keep the chip selected
    return message


class SpiDevice:
    """An open spidev device.

    Args:
        path: the device.
        ioctl: the system call, replaced in tests.
    """

    def __init__(self, path: Path = DEFAULT_DEVICE, ioctl: Ioctl = fcntl.ioctl) -> None:
        self._ioctl = ioctl
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._program = lru_cache(maxsize=32)(self._new_program)
        self._set(_WR_MODE, ctypes.c_uint8(0))
        self._set(_WR_BITS, ctypes.c_uint8(8))
        self._set(_WR_SPEED, ctypes.c_uint32(SPEED_HZ))

    def write(self, data: bytes) -> None:
        """Send bytes while the chip is selected."""
        buffer = ctypes.create_string_buffer(data, len(data))
        self._send(_message([_transfer(ctypes.addressof(buffer), len(data), _AFTER_TRANSFER_US)]))

    def transfer(self, data: bytes) -> bytes:
        """Send bytes and return what came back meanwhile."""
        buffer = ctypes.create_string_buffer(data, len(data))
        received = ctypes.create_string_buffer(len(data))
        transfer = _transfer(ctypes.addressof(buffer), len(data), _AFTER_TRANSFER_US)
        transfer.rx_buf = ctypes.addressof(received)
        self._send(_message([transfer]))
        return received.raw

    def write_lines(self, lines: Lines) -> None:
        """Send lines with what surrounds them, in as few system calls as the kernel allows."""
        program = self._program(lines.around, lines.size, len(lines))
        program.load(lines.data)
        for message in program.messages:
            self._send(message)

    def close(self) -> None:
        """Close the device."""
        os.close(self._file)

    def _new_program(self, around: Around, size: int, count: int) -> LineProgram:
        return LineProgram(around, size, count, _kernel_bufsiz())

    def _send(self, message: "ctypes.Array[Transfer]") -> None:
        self._set(_MESSAGE | ctypes.sizeof(message) << _SIZE_SHIFT, message)

    def _set(self, request: int, value: Any) -> None:
        self._ioctl(self._file, request, value)


def _kernel_bufsiz() -> int:
    try:
        return int(_BUFSIZ.read_text("ascii"))
    except (OSError, ValueError):
        return _DEFAULT_BUFSIZ
