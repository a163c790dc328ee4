"""`inkstand packs stops` and `lines`: ids out of a timetable in GTFS, for the pack departures.

Such a file has hundreds of MB, so that it is read row by row, where there is room for it, and never
goes to the Pi.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
import zlib
from typing import TYPE_CHECKING

from inkstand.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    Row = dict[str, str]

# What zipfile, zlib, csv and decoding raise for what is no timetable.
_UNREADABLE = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    UnicodeDecodeError,
    csv.Error,
)
# Platforms, and stops that are no station: whatever else has a place is nowhere to get on.
_TO_GET_ON = ("", "0")


def print_stops(options: argparse.Namespace) -> int:
    """Print the stops whose names have one of those that are asked for, as items of YAML."""
    return _print("stops", list(find_stops(options.timetable, options.names)))


def print_lines(options: argparse.Namespace) -> int:
    """Print the lines whose names have one of those that are asked for, as items of YAML."""
    return _print("lines", list(find_lines(options.timetable, options.names)))


def find_stops(timetable: Path, names: Sequence[str]) -> Iterator[str]:
    """Yield ID=NAME of each stop as an item of YAML, its platform behind it.

    Raises:
        ConfigError: the file cannot be read.
    """
    for row in _rows(timetable, "stops.txt"):
        name, platform = row.get("stop_name") or "", row.get("platform_code")
        if _is_one_of(name, names) and (row.get("location_type") or "") in _TO_GET_ON:
            remark = f"  # platform {platform}" if platform else ""
            yield _item(row.get("stop_id") or "", name) + remark


def find_lines(timetable: Path, names: Sequence[str]) -> Iterator[str]:
    """Yield ID=NAME of each line as an item of YAML, its long name behind it.

    Raises:
        ConfigError: the file cannot be read.
    """
    for row in _rows(timetable, "routes.txt"):
        short, long = row.get("route_short_name") or "", row.get("route_long_name") or ""
        if short in names or _is_one_of(long, names):
            remark = f"  # {' '.join(long.split())}" if short and long else ""
            yield _item(row.get("route_id") or "", short or long) + remark


def _print(what: str, found: list[str]) -> int:
    print(f"{what}:" if found else f"there are no {what} of these names")
    for line in found:
        print(line)
    return 0 if found else 1


def _item(identifier: str, name: str) -> str:
    # Commas would part it from the next one.
    text = f"{identifier}={' '.join(name.replace(',', ' ').split())}"
    return f"  - {json.dumps(text, ensure_ascii=False)}"


def _is_one_of(name: str, wanted: Sequence[str]) -> bool:
    return any(each.casefold() in name.casefold() for each in wanted)


def _rows(timetable: Path, member: str) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(timetable) as archive, archive.open(member) as file:
            yield from csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline=""))
    except _UNREADABLE as error:
        reason = getattr(error, "strerror", None) or str(error).strip('"')
        raise ConfigError(f"cannot read {member} of {timetable}: {reason}") from error
