"""Files of the state directory: written whole or not at all, by one driver at a time."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

_LOCK = "lock"


class Refusal(Exception):  # noqa: N818 - not a defect of the program
    """What was asked for cannot be done; the message is a sentence for people."""


class StateDirectoryError(Refusal):
    """The state directory cannot be used."""


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader or a crash sees the old content or the new one."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(content)
    temporary.replace(path)


def keep_file(path: Path, content: bytes) -> None:
    """Write a file like `replace_file`, and return when it is on the disk."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(content)
    _flush(temporary)
    temporary.replace(path)
    _flush(path.parent)


def forget_file(path: Path) -> None:
    """Remove a file, if it is there, so that no power cut brings it back."""
    try:
        path.unlink()
    except FileNotFoundError:
        return
    _flush(path.parent)


def _flush(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def claim(directory: Path, *others: Path) -> IO[str]:
    """Make directories if need be; keep other drivers out of the first while the file is open.

    Raises:
        StateDirectoryError: not writable, or another driver uses it.
    """
    try:
        for each in (directory, *others):
            each.mkdir(parents=True, exist_ok=True)
        lock = (directory / _LOCK).open("a+")
    except OSError as error:
        raise StateDirectoryError(f"cannot use the directory: {error}") from error
    if not _locked_in_time(lock):
        lock.close()
        raise StateDirectoryError(f"another driver uses the state directory {directory}")
    _write_pid(lock)
    return lock


def holder(directory: Path) -> int | None:
    """Process id of the driver that uses the directory, None when there is none."""
    try:
        with (directory / _LOCK).open() as lock:
            return None if _locked(lock) else int(lock.read())
    except (FileNotFoundError, ValueError):
        return None


def _locked_in_time(lock: IO[str]) -> bool:
    """Try for half a second, because `holder` takes the lock for a moment."""
    for _ in range(10):
        if _locked(lock):
            return True
        time.sleep(0.05)
    return False


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_pid(lock: IO[str]) -> None:
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
