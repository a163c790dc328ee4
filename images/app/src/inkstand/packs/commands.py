"""`inkstand packs`: look at packs on the command line, with no Pi and no network."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from inkstand.config import parse_size
from inkstand.errors import ConfigError, PackError, did_you_mean
from inkstand.packs import example, pack
from inkstand.packs.checking import check
from inkstand.packs.chosen import find, shipped
from inkstand.packs.requests import Answer, requests, resolve
from inkstand.packs.worker import Order, draw

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from inkstand.packs.pack import Pack

_SIZES = ((264, 176), (200, 96), (128, 96), (176, 264))
_DONE, _FAILED = 0, 1


def list_packs(_options: argparse.Namespace) -> int:
    """Print name and purpose of each pack that ships."""
    for name, path in shipped().items():
        print(f"{name:12} {pack.read(_text(path)).about}")
    return _DONE


def check_pack(options: argparse.Namespace) -> int:
    """Print what is wrong with a pack, and return 1 when something is."""
    path = find(options.pack)
    found = asyncio.run(_problems(path))
    for error in found:
        print(f"{path}: {error}", file=sys.stderr)
    if not found:
        print(f"{path}: nothing is wrong")
    return _FAILED if found else _DONE


async def _problems(path: Path) -> Sequence[PackError]:
    try:
        text = _text(path)
    except PackError as error:
        return [error]
    found = await check(text, path.parent, _SIZES, datetime.now(_zone()))
    if found.missing:
        print(f"{path}: not drawn, for [example] has no {', '.join(found.missing)}")
    return found.problems


def preview_pack(options: argparse.Namespace) -> int:
    """Draw a pack on its example data.

    Raises:
        PackError, ConfigError: it cannot be drawn, or not written.
    """
    path, size = find(options.pack), _size(options.size)
    text = _text(path)
    read = pack.read(text)
    settings = {**read.example.settings, **_pairs(options.set, "--set")}
    asked = requests(read, resolve(read, settings))
    answers = example.answers(read, path.parent) | _answers(read, options.data)
    if missing := [it.source for it in asked if it.source not in answers]:
        source = missing[0]
        raise PackError(f"[example] has no {source}; write one, or give --data {source}=FILE")
    drawn = asyncio.run(draw(_order(text, read, settings, answers, size)))
    _write(options.output, drawn.png)
    if drawn.problem:
        raise PackError(drawn.problem, drawn.line)
    return _DONE


def _order(
    text: str,
    read: Pack,
    settings: Mapping[str, object],
    answers: Mapping[str, Answer],
    size: tuple[int, int],
) -> Order:
    return Order(text, settings, answers, size, example.now(read, datetime.now(_zone())))


def _zone() -> ZoneInfo:
    try:
        return ZoneInfo(os.environ.get("TZ") or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _text(path: Path) -> str:
    try:
        return pack.decode(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error


def _answers(read: Pack, given: Sequence[str]) -> dict[str, Answer]:
    answers = {}
    for name, value in _pairs(given, "--data").items():
        if name not in read.sources:
            raise PackError(f"{name} is no source of {read.name}{did_you_mean(name, read.sources)}")
        try:
            answers[name] = Answer(Path(value).read_bytes())
        except OSError as error:
            raise ConfigError(f"cannot read {value}: {error.strerror}") from error
    return answers


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    for each in given:
        if "=" not in each:
            raise ConfigError(f"{option} takes NAME=VALUE, not {each!r}")
    return {name: value for name, _, value in (each.partition("=") for each in given)}


def _size(given: str) -> tuple[int, int]:
    try:
        return parse_size(given)
    except ValueError as error:
        raise ConfigError(f"the size {error}") from error


def _write(path: Path, png: bytes) -> None:
    try:
        path.write_bytes(png)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error
