"""Databases that are damaged: found before they are used, set aside, and told about until removed.

Beside a database `NAME` there may be `NAME.mark`, which says that it was there before and which
numbers it may have given away; `NAME.damaged-<time>`, what was set aside; and the same with `.txt`,
the sentence that people are told as long as the file is there.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inkstand.errors import StorageUnavailableError
from inkstand.storage.database import make_private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LOG = logging.getLogger(__name__)
# Results of SQLite that speak of the file and not of the disk or the way to it. ERROR is what a
# table or a column that is missing gives.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_ASIDE = ".damaged-"
_NOTICE = ".txt"
_LONGEST_NOTICE = 2000


def connect_sound(
    path: Path,
    check: Callable[[sqlite3.Connection], str | None],
    connect: Callable[[], sqlite3.Connection],
    *,
    sentence: str,
    without: str,
) -> sqlite3.Connection:
    """Return what `connect` does; before that a database that is damaged is set aside, and told.

    `sentence` says what that means to people, with `{why}` in it; `without` what is gone while the
    file cannot be opened. `check` is that of reason().

    Raises:
        StorageUnavailableError: it cannot be opened.
    """
    try:
        if why := reason(path, check):
            begin_anew(path, sentence.format(why=why))
        connection = connect()
        set_mark(path, 0)
    except (OSError, sqlite3.Error) as error:
        raise StorageUnavailableError(
            f"cannot open {path}: {error}; without it {without}"
        ) from error
    return connection


def begin_anew(path: Path, sentence: str) -> None:
    """Set the database at `path` aside, and tell `sentence` and where it is from now on."""
    suffix = now_as_suffix()
    kept = f"is kept as {path.name}{suffix}" if path.exists() else "is not there"
    told = f"{sentence} What was damaged {kept}."
    _LOG.error("%s", told)
    set_aside(path, suffix, told)


def reason(path: Path, check: Callable[[sqlite3.Connection], str | None]) -> str | None:
    """Return why the database at `path` cannot be used, None if it can or there never was one.

    `check` looks for what SQLite has no eye for; it gets a connection that cannot write, with texts
    as bytes.

    Raises:
        sqlite3.Error, OSError: nobody can tell, since the file cannot be read.
    """
    if is_empty(path):
        return "it is gone" if _mark_of(path).exists() else None
    try:
        with contextlib.closing(connect_to_read(path)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            return check(connection) if found == b"ok" else found.decode("utf-8", "replace")
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return str(error)


def is_empty(path: Path) -> bool:
    """Tell whether there is nothing at `path`; what was written last is in a file beside it."""
    files = (path, path.with_name(f"{path.name}-wal"))
    return not any(file.exists() and file.stat().st_size for file in files)


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Return a connection that leaves the file as it is; texts are bytes."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    connection.text_factory = bytes
    return connection


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether `error` says that the file is damaged."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _DAMAGE


def now_as_suffix() -> str:
    """Return what the names of things end with that are set aside now."""
    return f"{_ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def set_aside(path: Path, suffix: str, sentence: str) -> None:
    """Rename the database at `path`, if there is one, and tell `sentence` from now on."""
    advice = (
        f" When nothing of it is needed any more, remove {path.name}{suffix}* from {path.parent}."
    )
    notice = path.with_name(f"{path.name}{suffix}{_NOTICE}")
    make_private(notice)
    notice.write_text(sentence + advice + "\n", "utf-8")
    for part in ("-wal", ""):
        file = path.with_name(path.name + part)
        # To look at a database leaves an empty log.
        if file.exists() and (not part or file.stat().st_size):
            file.replace(f"{path}{suffix}{part}")
    remove(path.with_name(f"{path.name}-wal"))
    remove(path.with_name(f"{path.name}-shm"))


def remove(*paths: Path) -> None:
    """Remove the files that are there, and what SQLite keeps beside them."""
    for path in paths:
        for part in ("", "-wal", "-shm"):
            path.with_name(path.name + part).unlink(missing_ok=True)


def notices(directory: Path) -> dict[str, str]:
    """Return what is to be told about databases in `directory`, by the names of the files."""
    found = {}
    for path in sorted(directory.glob(f"*{_ASIDE}*{_NOTICE}")):
        with contextlib.suppress(OSError):
            text = path.read_text("utf-8", "replace")
            found[path.name] = " ".join(text.split())[:_LONGEST_NOTICE]
    return found


def mark(path: Path) -> int:
    """Return the greatest number that the database at `path` may have given away, 0 if unknown."""
    try:
        return int(_mark_of(path).read_text("ascii"))
    except (OSError, ValueError):
        return 0


def set_mark(path: Path, number: int) -> None:
    """Remember that the database at `path` is there and may give away numbers up to `number`."""
    target = _mark_of(path)
    if target.exists() and mark(path) == number:
        return
    with contextlib.suppress(OSError):  # without room it stays as it was
        new = target.with_name(f"{target.name}.new")
        make_private(new)
        new.write_text(f"{number}\n", "ascii")
        new.replace(target)


def _mark_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.mark")
