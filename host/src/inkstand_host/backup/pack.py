"""Copy what makes a Pi this Inkstand and no other, and pack it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import shutil
import sqlite3
import stat
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from inkstand_host.backup.manifest import MANIFEST, STAGING, Entry, Manifest
from inkstand_host.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE = b"SQLite format 3\0"
# What SQLite keeps beside a database; the copy of the database holds what is in them.
BESIDE_DATABASES = ("-wal", "-shm", "-journal")
Places = dict[str, Path]


def is_database(path: Path) -> bool:
    """Tell by its first bytes whether a file is a database of SQLite."""
    with path.open("rb") as file:
        return file.read(len(DATABASE)) == DATABASE


def copy_database(source: Path, target: Path) -> int:
    """Copy a database as of one moment, while others write to it; give its schema's version.

    Raises:
        ArchiveError: it is damaged, or cannot be read.
    """
    try:
        with (
            # Not read-only: that would leave a log and an index behind where no app has them open.
            contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True)) as old,
            contextlib.closing(sqlite3.connect(target, isolation_level=None)) as new,
        ):
            old.backup(new)
            # One file and no companions; the app switches back when it opens it.
            new.execute("PRAGMA journal_mode = DELETE")
            sound = new.execute("PRAGMA quick_check(1)").fetchone()[0]
            version: int = new.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise ArchiveError(f"{source} cannot be copied: {error}") from error
    if sound != "ok":
        raise ArchiveError(f"{source} is damaged ({sound}); there is no use in a copy of it.")
    return version


def sources(folder: Path) -> Iterator[Path]:
    """Give what is to be kept below a folder and the folder itself, parents first.

    Only files and directories: sockets and links are nothing that Inkstand keeps.
    """
    yield folder
    for path in sorted(folder.rglob("*")):
        if STAGING in path.parts or path.is_symlink() or not (path.is_file() or path.is_dir()):
            continue
        if not any(path.name.endswith(f".sqlite3{suffix}") for suffix in BESIDE_DATABASES):
            yield path


def digest(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Snapshot:
    """Copies of all files of some places, made in a private folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, Entry] = {}
        self.schemas: dict[str, int] = {}

    def add(self, place: str, folder: Path) -> None:
        """Copy a place; one that is not there adds nothing.

        Raises:
            ArchiveError: a database is damaged.
            OSError: a file cannot be read, or there is no room for its copy.
        """
        if not folder.is_dir():
            return
        for path in sources(folder):
            name = PurePosixPath(place, path.relative_to(folder)).as_posix()
            # A file that went away in the meantime was none to keep.
            with contextlib.suppress(FileNotFoundError):
                self.entries[name] = self._copied(name, path)

    def _copied(self, name: str, path: Path) -> Entry:
        status, copy = path.stat(), self.folder / name
        owner = {"mode": stat.S_IMODE(status.st_mode), "uid": status.st_uid, "gid": status.st_gid}
        if path.is_dir():
            copy.mkdir(parents=True)
            return Entry(name, size=0, sha256="", **owner)
        if is_database(path):
            self.schemas[path.name] = copy_database(path, copy)
        else:
            shutil.copyfile(path, copy)
        return Entry(name, size=copy.stat().st_size, sha256=digest(copy), **owner)


def require_room(staging: Path, places: Places) -> None:
    """See that the copies and the archive fit.

    Raises:
        ArchiveError: they do not.
    """
    files = (path for folder in places.values() for path in sources(folder))
    needed = 2 * sum(path.stat().st_size for path in files if path.is_file())
    free = shutil.disk_usage(staging).free
    if needed > free:
        raise ArchiveError(
            f"A backup needs {in_words(needed)} for a moment, and {staging} has {in_words(free)}. "
            "Make room first:  docker image prune  removes images that nothing uses."
        )


def in_words(size: int) -> str:
    """Write a number of bytes as people do: `34 kB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":  # noqa: PLR2004  (a thousand to the next unit)
            break
        size = round(size / 1000)
    return f"{size} {unit}"


def write_tar(stream: IO[bytes], manifest: Manifest, folder: Path) -> None:
    """Write the archive's plain text: the manifest, then the files."""
    with tarfile.open(fileobj=stream, mode="w|gz") as tar:
        text = manifest.to_json()
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
        for entry in manifest.entries.values():
            _write_entry(tar, entry, folder)


def _write_entry(tar: tarfile.TarFile, entry: Entry, folder: Path) -> None:
    info = tarfile.TarInfo(entry.name)
    info.size, info.mode, info.uid, info.gid = entry.size, entry.mode, entry.uid, entry.gid
    if entry.is_directory:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
        return
    with (folder / entry.name).open("rb") as file:
        tar.addfile(info, file)
