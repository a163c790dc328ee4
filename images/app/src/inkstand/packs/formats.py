"""The answer of a source as plain data, by its format. Only for the process that draws packs."""

from __future__ import annotations

import csv
import io
import json
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkstand.packs.pack import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

# What parsers raise for bytes that nobody foresaw.
_UNREADABLE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    # A zone that is called as a folder of zones is.
    OSError,
    csv.Error,
)
_MAX_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of an answer: as of when, how many days of a calendar, which stops."""

    now: datetime
    days: int = 14
    stops: str = ""


def parse(kind: Format, data: bytes, asked: Asked) -> Any:
    """Return the data in an answer, as JSON has them; of a picture its bytes.

    Raises:
        ValueError: it is not in that format; the text is one short line.
    """
    try:
        return _PARSERS[kind](data, asked)
    except _UNREADABLE as error:
        raise ValueError(short(error)) from error


def short(error: Exception) -> str:
    """Return the first line, or less, of what a library says is wrong."""
    return str(error).partition("\n")[0].partition(";")[0][:120] or type(error).__name__


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1} is no UTF-8") from None


def _rows(data: bytes) -> list[dict[str, str]]:
    """Return the last rows of a CSV file, the first of which names the columns."""
    text = _text(data)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="more")
    return list(deque(rows, _MAX_ROWS))


def _feed(data: bytes, asked: Asked) -> Any:
    from inkstand.packs.feeds import read_feed  # noqa: PLC0415 - slow, and most need neither

    return read_feed(data, asked.now)


def _events(data: bytes, asked: Asked) -> Any:
    from inkstand.packs.calendars import read_events  # noqa: PLC0415 - likewise

    return read_events(data, asked.now, asked.days)


def _departures(data: bytes, asked: Asked) -> Any:
    from inkstand.packs.transit import read_departures  # noqa: PLC0415 - likewise

    return read_departures(data, asked.stops, asked.now)


def _sky(data: bytes, asked: Asked) -> Any:
    from inkstand.packs.sky import read_sky  # noqa: PLC0415 - likewise

    return read_sky(_text(data), asked.now)


_PARSERS: Mapping[Format, Callable[[bytes, Asked], Any]] = {
    Format.JSON: lambda data, _: json.loads(_text(data)),
    Format.CSV: lambda data, _: _rows(data),
    Format.FEED: _feed,
    Format.ICAL: _events,
    Format.TEXT: lambda data, _: _text(data),
    Format.PICTURE: lambda data, _: data,
    Format.SKY: _sky,
    Format.GTFS_RT: _departures,
    Format.TRMNL: lambda data, _: data,
}
