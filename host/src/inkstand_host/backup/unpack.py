"""Read an archive, and put what is in it in place."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import tarfile
from typing import IO, TYPE_CHECKING, cast

from inkstand_host.backup.age import CHUNK
from inkstand_host.backup.manifest import (
    LARGEST_MANIFEST,
    MANIFEST,
    STAGING,
    Entry,
    Manifest,
    parse_manifest,
)
from inkstand_host.errors import ArchiveError
from inkstand_host.files import remove

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inkstand_host.backup.pack import Places


def read_tar(stream: IO[bytes], take: Callable[[Entry, IO[bytes]], None]) -> Manifest:
    """Go through an archive's plain text, hand each file to `take`, and give its manifest.

    Raises:
        ArchiveError: it is not what its manifest says, or of a newer Inkstand.
        tarfile.TarError, EOFError, zlib.error: it is cut off or damaged.
    """
    with tarfile.open(fileobj=stream, mode="r|gz") as tar:
        manifest = _read_manifest(tar)
        missing = dict(manifest.entries)
        while member := tar.next():
            entry = missing.pop(member.name, None)
            if entry is None or member.isdir() != entry.is_directory or member.size != entry.size:
                raise ArchiveError(
                    f"The archive is damaged: {member.name} is not as its manifest says."
                )
            _take(tar, member, entry, take)
    if missing:
        raise ArchiveError(f"The archive is damaged: it lacks {next(iter(missing))}.")
    return manifest


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    member = tar.next()
    file = tar.extractfile(member) if member and member.name == MANIFEST else None
    if file is None:
        raise ArchiveError("That is no archive of Inkstand: it does not begin with a manifest.")
    return parse_manifest(file.read(LARGEST_MANIFEST))


def _take(
    tar: tarfile.TarFile,
    member: tarfile.TarInfo,
    entry: Entry,
    take: Callable[[Entry, IO[bytes]], None],
) -> None:
    file = tar.extractfile(member) or io.BytesIO()
    hashed = _Hashed(file)
    take(entry, cast("IO[bytes]", hashed))
    if not entry.is_directory and hashed.sha256() != entry.sha256:
        raise ArchiveError(f"The archive is damaged: {entry.name} is not what was backed up.")


class _Hashed(io.RawIOBase):
    """A stream that knows the SHA-256 of what was read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._digest.update(chunk)
        return chunk

    def sha256(self) -> str:
        while self.read(CHUNK):
            pass
        return self._digest.hexdigest()


class Unpacked:
    """Files of an archive, beside what they will replace: in a folder of each place."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.directories: list[tuple[Path, Entry]] = []

    def take(self, entry: Entry, content: IO[bytes]) -> None:
        """Write one entry with its owner and mode.

        Raises:
            ArchiveError: nobody said where its place is.
        """
        if entry.place not in self.places:
            raise ArchiveError(f"The archive has {entry.name}, and {entry.place} is nowhere here.")
        target = entry.below(self.places[entry.place] / STAGING)
        if entry.is_directory:
            target.mkdir(parents=True, mode=0o700)
            self.directories.append((target, entry))
        else:
            write_file(target, entry, content)

    def finish(self) -> None:
        """Give directories their modes, last of all, for some let nobody in."""
        for target, entry in reversed(self.directories):
            give(target, entry)

    def discard(self) -> None:
        """Remove what was unpacked."""
        for folder in self.places.values():
            shutil.rmtree(folder / STAGING, ignore_errors=True)


def write_file(target: Path, entry: Entry, content: IO[bytes]) -> None:
    """Write a file that is on the disk when this returns, private until it has its owner."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file, CHUNK)
        file.flush()
        os.fsync(file.fileno())
    give(target, entry)


def give(path: Path, entry: Entry) -> None:
    """Give a file or directory the owner and mode of an entry."""
    os.chown(path, entry.uid, entry.gid)
    path.chmod(entry.mode)


def put_in_place(folder: Path) -> bool:
    """Replace what is in a place by what was unpacked for it; False when that is nothing.

    The directory itself stays: it may be a mount point.
    """
    staged = folder / STAGING
    if not staged.is_dir():
        return False
    for old in folder.iterdir():
        if old != staged:
            remove(old)
    for new in staged.iterdir():
        new.rename(folder / new.name)
    status = staged.stat()
    os.chown(folder, status.st_uid, status.st_gid)
    folder.chmod(stat.S_IMODE(status.st_mode))
    staged.rmdir()
    os.sync()
    return True
