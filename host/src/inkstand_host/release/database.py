"""The databases of the app: copied while nobody writes, and put back when they must be."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand_host.errors import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

_PATTERN = "*.sqlite3"
# A log that was not written back belongs to its database; the index of the log is made anew.
_PARTS = ("", "-wal")
_GONE_WITH_IT = ("-shm",)
# Bytes that a copy leaves free.
_ROOM = 32 << 20


@dataclass(frozen=True)
class Format:
    """What a database says of itself: the number of its format, and whether it is whole."""

    version: int
    whole: bool


def size(directory: Path) -> int:
    """Return how many bytes a copy takes."""
    return sum(path.stat().st_size for path in directory.glob(f"{_PATTERN}*"))


def require_room(source: Path, target: Path) -> None:
    """Stop where a copy would fill the disk.

    Raises:
        ReleaseError: there is too little room.
    """
    needed = 2 * size(source) + _ROOM
    free = shutil.disk_usage(target).free
    if free < needed:
        raise ReleaseError(
            f"copying the messages takes {needed >> 20} MiB in {target}, and {free >> 20} are "
            "free; make room and run this again"
        )


def copy(source: Path, target: Path) -> dict[str, Format]:
    """Copy the databases of an app that is stopped, and return their formats by name.

    The copies are there as a whole or not at all, also when the power fails.
    """
    new = target.with_suffix(".new")
    for folder in (new, target):
        shutil.rmtree(folder, ignore_errors=True)
    new.mkdir(mode=0o700, parents=True)
    for path in sorted(source.glob(_PATTERN)):
        _copy(path, new / path.name)
    found = formats(new)
    os.sync()
    new.rename(target)
    return found


def _copy(source: Path, target: Path) -> None:
    for part in _PARTS:
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(f"{source}{part}", f"{target}{part}")


def formats(copies: Path) -> dict[str, Format]:
    """Return what the databases in a directory of copies say of themselves."""
    return {path.name: _format(path) for path in sorted(copies.glob(_PATTERN))}


def _format(path: Path) -> Format:
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error:
        return Format(-1, whole=False)
    return Format(version, verdict == "ok")


def unusable(kept: dict[str, Format], now: dict[str, Format]) -> list[str]:
    """Return the names of databases that the release which left `kept` could not use `now`."""
    return [name for name, then in kept.items() if not _fits(then, now.get(name))]


def _fits(then: Format, now: Format | None) -> bool:
    # What is broken cannot replace anything.
    return not then.whole or (now is not None and now.whole and now.version == then.version)


def put_back(copies: Path, target: Path, names: list[str]) -> None:
    """Replace databases of an app that is stopped by their copies, with the owner as it was."""
    for name in names:
        for part in (*_PARTS, *_GONE_WITH_IT):
            (target / f"{name}{part}").unlink(missing_ok=True)
        for part in _PARTS:
            _put_back(copies / f"{name}{part}", target)
    os.sync()


def _put_back(copy_of: Path, target: Path) -> None:
    if not copy_of.exists():
        return
    new = target / f"{copy_of.name}.new"
    owner = target.stat()
    shutil.copy2(copy_of, new)
    shutil.chown(new, owner.st_uid, owner.st_gid)
    new.chmod(0o600)
    new.rename(target / copy_of.name)
