"""A file to make a disk of, whose writes stall or fail while a word beside it says so.

Arguments: where to mount the file `disk`, the file with its content, the file with the word
(`stall`, `fail`, or nothing), and the journal, to which all is added that was done.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pyfuse3
import trio

from images.app.tests.api.disk import HEAD, SYNC

DISK = pyfuse3.ROOT_INODE + 1
LOOK_AGAIN = 0.02


class FaultyDisk(pyfuse3.Operations):
    """One directory with one file, kept in `content`; `word` is read at each write and sync."""

    def __init__(self, content: Path, word: Path, journal: Path) -> None:
        super().__init__()
        self._file = os.open(content, os.O_RDWR)
        self._word = word
        self._journal = journal.open("ab", buffering=0)

    async def getattr(self, inode: int, ctx: object = None) -> pyfuse3.EntryAttributes:
        """Describe the directory or the file."""
        number: Any = inode
        mode: Any = stat.S_IFREG | 0o600 if inode == DISK else stat.S_IFDIR | 0o700
        made = pyfuse3.EntryAttributes()
        made.st_ino, made.st_mode = number, mode
        made.st_size = os.fstat(self._file).st_size if inode == DISK else 0
        return made

    async def lookup(
        self,
        parent_inode: int,
        name: bytes,
        ctx: object = None,
    ) -> pyfuse3.EntryAttributes:
        """Find the file."""
        if name != b"disk":
            raise pyfuse3.FUSEError(errno.ENOENT)
        return await self.getattr(DISK)

    async def setattr(self, inode: int, *_: object) -> pyfuse3.EntryAttributes:
        """Change nothing."""
        return await self.getattr(inode)

    async def open(self, inode: int, flags: int, ctx: object) -> pyfuse3.FileInfo:
        """Open it."""
        handle: Any = inode
        return pyfuse3.FileInfo(fh=handle)

    async def read(self, fh: int, off: int, size: int) -> bytes:
        """Read what was written; that works always."""
        return os.pread(self._file, size, off)

    async def write(self, fh: int, off: int, buf: bytes) -> int:
        """Write, when that can be done."""
        await self._ready()
        self._journal.write(HEAD.pack(off, len(buf)) + buf)
        return os.pwrite(self._file, buf, off)

    async def fsync(self, fh: int, datasync: bool) -> None:
        """Do nothing but note it, when that can be done."""
        await self._ready()
        self._journal.write(HEAD.pack(SYNC, 0))

    async def _ready(self) -> None:
        while (word := self._word.read_text()) == "stall":  # noqa: ASYNC110 - it is a file
            await trio.sleep(LOOK_AGAIN)
        if word == "fail":
            raise pyfuse3.FUSEError(errno.EIO)


def main(mountpoint: str, *paths: str) -> None:
    """Serve until it is unmounted."""
    pyfuse3.init(FaultyDisk(*map(Path, paths)), mountpoint, {"fsname=faulty"})
    try:
        trio.run(pyfuse3.main)
    finally:
        pyfuse3.close(unmount=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
