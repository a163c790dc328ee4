"""Contents of the small text files, and what a program writes to them."""

import re

VERSION_TEXT = b"4\n"
"""Version of the directory contract, as the reference counts it."""

TEMPERATURES = range(-99, 100)
STAGE_TIMES_MS = range(50, 2001)
DEFAULT_STAGE_TIME_MS = 500

_LEADING_INTEGER = re.compile(rb"\s*([+-]?[0-9]{1,9})(?![0-9xX])")


def parse_temperature(written: bytes) -> int | None:
    """Degrees Celsius from -99 to 99; None for anything else.

    Like the reference, text after the number does not matter (`22.5` is 22). Unlike it,
    a leading zero does not make the number octal.
    """
    return _parse(written, TEMPERATURES)


def parse_stage_time(written: bytes) -> int | None:
    """Milliseconds from 50 to 2000; None for anything else."""
    return _parse(written, STAGE_TIMES_MS)


def temperature_text(celsius: int) -> bytes:
    """`%3d` and a newline."""
    return b"%3d\n" % celsius


def stage_time_text(milliseconds: int) -> bytes:
    """`%4d` and a newline."""
    return b"%4d\n" % milliseconds


def line(text: str) -> bytes:
    """A line of ASCII text."""
    return f"{text}\n".encode("ascii")


def _parse(written: bytes, accepted: range) -> int | None:
    match = _LEADING_INTEGER.match(written)
    value = int(match[1]) if match else None
    return value if value in accepted else None
