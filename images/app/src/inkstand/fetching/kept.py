"""The answers that came last, in files, so that there is something to show after a reboot.

A file is a digest of the rest, a line of JSON, and the body. What cannot be read, or is not what
was written, is as good as not there: it will be fetched again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from inkstand.errors import StorageError
from inkstand.fetching.fetcher import Fetched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_BYTES = 20_000_000
_NEW = ".new"


class KeptAnswers:
    """Answers by key, below `directory`; all files together have at most `max_bytes`.

    All of it reads and writes files: call it in a thread, one call at a time.
    """

    def __init__(self, directory: Path, max_bytes: int = MAX_BYTES) -> None:
        self._directory = directory
        self._max_bytes = max_bytes

    def get(self, key: str) -> Fetched | None:
        """Return what was put last for `key`; None if there is nothing, or nothing whole."""
        try:
            with self._path(key).open("rb") as file:
                return _unpack(file.read(self._max_bytes + 1))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def put(self, key: str, answer: Fetched) -> None:
        """Keep `answer`, and let the oldest of others go where there are too many bytes.

        What has more than that alone is not kept, nor is what was kept for `key` before.

        Raises:
            StorageError: it cannot be written; what was kept for `key` before still is.
        """
        data = _pack(answer)
        path = self._path(key)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if len(data) > self._max_bytes:
                path.unlink(missing_ok=True)
                return
            self._make_room(len(data), path)
            write_private(path, data)
        except OSError as error:
            raise self._unavailable(error) from error

    def prune(self, keys: Iterable[str]) -> None:
        """Remove all that is kept for other keys, and what a power cut left of writing.

        Raises:
            StorageError: it cannot be removed.
        """
        wanted = {self._path(key) for key in keys}
        try:
            for path, _ in self._files():
                if path not in wanted:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise self._unavailable(error) from error

    def _path(self, key: str) -> Path:
        # Keys may hold secrets, and what no file can be called.
        return self._directory / hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()

    def _make_room(self, needed: int, path: Path) -> None:
        others = [(file, stat) for file, stat in self._files() if file != path]
        others.sort(key=lambda other: other[1].st_mtime_ns)
        room = self._max_bytes - needed - sum(stat.st_size for _, stat in others)
        for file, stat in others:
            if room >= 0:
                return
            file.unlink(missing_ok=True)
            room += stat.st_size

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        if not self._directory.is_dir():
            return
        for path in sorted(self._directory.iterdir()):
            if not path.is_dir():
                yield path, path.lstat()

    def _unavailable(self, error: OSError) -> StorageError:
        return StorageError(f"cannot keep answers in {self._directory}: {error.strerror}")


def write_private(path: Path, data: bytes) -> None:
    """Put `data` into a file that only its owner can read; others find the old one or the new.

    Raises:
        OSError: it cannot be written; the old one is as it was.
    """
    new = path.with_name(path.name + _NEW)
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(data)
            file.flush()
            # Else a power cut leaves an empty file in place of the old one.
            os.fsync(handle)
        new.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def _pack(answer: Fetched) -> bytes:
    head: dict[str, Any] = {
        "etag": answer.etag,
        "last_modified": answer.last_modified,
        "fetched_at": answer.fetched_at.isoformat(),
    }
    if answer.again is not None:
        head["again"] = answer.again.total_seconds()
    rest = json.dumps(head).encode() + b"\n" + answer.body
    return _digest(rest) + b"\n" + rest


def _unpack(data: bytes) -> Fetched:
    digest, _, rest = data.partition(b"\n")
    if digest != _digest(rest):
        raise ValueError("the file is damaged")
    line, _, body = rest.partition(b"\n")
    head = json.loads(line)
    fetched_at = datetime.fromisoformat(head["fetched_at"])
    if fetched_at.tzinfo is None:
        raise ValueError("a time without a zone")
    again = timedelta(seconds=head["again"]) if "again" in head else None
    return Fetched(body, head["etag"], head["last_modified"], fetched_at, again)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode("ascii")
