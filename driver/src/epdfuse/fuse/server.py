"""The file system: requests of the kernel in, contents and errno out."""
# ruff: noqa: ARG002, D102 - the handlers' arguments and meaning are those of pyfuse3.Operations

from __future__ import annotations

import errno
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, NoReturn, cast

import pyfuse3
from pyfuse3 import EntryAttributes, FileInfo, FUSEError, StatvfsData

from epdfuse.fuse import tree
from epdfuse.fuse.display import FrameTooLongError, IncompleteFrameError
from epdfuse.fuse.tree import Kind, Node
from epdfuse.fuse.turns import ClosedError, Turns
from epdfuse.panel.spec import PanelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    # pyfuse3 3.2 (Debian 12) has these classes, but does not name the types.
    from pyfuse3 import (
        FileHandleT,
        FileNameT,
        FlagT,
        InodeT,
        ModeT,
        ReaddirToken,
        RequestContext,
        SetattrFields,
    )

    from epdfuse.fuse.directory import Directory

_NAMES_STAY_S = 3600
"""Seconds the kernel may remember which names exist; they never change."""

_WRITING = os.O_WRONLY | os.O_RDWR


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that some program has open."""

    node: Node
    append: bool


@contextmanager
def _as_errno() -> Iterator[None]:
    """Give each failure the errno that the documentation promises."""
    try:
        yield
    except FrameTooLongError as error:
        raise FUSEError(errno.EFBIG) from error
    except IncompleteFrameError as error:
        raise FUSEError(errno.EINVAL) from error
    except ClosedError as error:
        raise FUSEError(errno.ECANCELED) from error
    except PanelError as error:
        raise FUSEError(errno.EIO) from error


def _node(inode: int) -> Node:
    try:
        return tree.NODES[inode]
    except KeyError as error:
        raise FUSEError(errno.ENOENT) from error


class EpdFileSystem(pyfuse3.Operations):
    """Serves one panel's directory.

    Files are opened for direct I/O: the kernel caches no contents, so every read is true.
    A command is awaited in its own task; other requests are answered meanwhile.
    """

    def __init__(self, directory: Directory, turns: Turns) -> None:
        super().__init__()
        self._directory = directory
        self._turns = turns
        self._open: dict[int, OpenFile] = {}
        self._handles = count(1)
        self._mounted_ns = time.time_ns()

    async def lookup(
        self, parent_inode: InodeT, name: FileNameT, ctx: RequestContext
    ) -> EntryAttributes:
        node = tree.find(parent_inode, os.fsdecode(name))
        if node is None:
            raise FUSEError(errno.ENOENT)
        return self._attributes(node)

    async def getattr(self, inode: InodeT, ctx: RequestContext) -> EntryAttributes:
        return self._attributes(_node(inode))

    async def setattr(
        self,
        inode: InodeT,
        attr: EntryAttributes,
        fields: SetattrFields,
        fh: FileHandleT | None,
        ctx: RequestContext,
    ) -> EntryAttributes:
        node = _node(inode)
        if fields.update_mode or fields.update_uid or fields.update_gid:
            raise FUSEError(errno.EPERM)
        if fields.update_size:
            self._truncate(node, attr.st_size)
        return self._attributes(node)

    async def opendir(self, inode: InodeT, ctx: RequestContext) -> FileHandleT:
        return cast("FileHandleT", inode)

    async def readdir(self, fh: FileHandleT, start_id: int, token: ReaddirToken) -> None:
        for node in tree.children(fh):
            if node.inode > start_id and not self._list(token, node):
                return

    async def open(self, inode: InodeT, flags: FlagT, ctx: RequestContext) -> FileInfo:
        node = _node(inode)
        if flags & _WRITING and not node.writable:
            raise FUSEError(errno.EACCES)
        if flags & os.O_TRUNC:
            self._truncate(node, 0)
        handle = next(self._handles)
        self._open[handle] = OpenFile(node, append=bool(flags & os.O_APPEND))
        return FileInfo(fh=cast("FileHandleT", handle), direct_io=True, keep_cache=False)

    async def read(self, fh: FileHandleT, off: int, size: int) -> bytes:
        return self._directory.content(self._open[fh].node)[off : off + size]

    async def write(self, fh: FileHandleT, off: int, buf: bytes) -> int:
        file = self._open[fh]
        with _as_errno():
            if file.node.kind is Kind.COMMAND:
                await self._command(buf)
            elif file.append:
                self._directory.append(file.node, buf)
            else:
                self._directory.write(file.node, off, buf)
        return len(buf)

    async def release(self, fh: FileHandleT) -> None:
        del self._open[fh]

    async def statfs(self, ctx: RequestContext) -> StatvfsData:
        data = StatvfsData()
        data.f_bsize = data.f_frsize = 512
        data.f_files = len(tree.NODES)
        data.f_namemax = 255
        return data

    async def create(self, *_arguments: object) -> NoReturn:
        raise FUSEError(errno.EPERM)

    mknod = mkdir = symlink = link = create  # type: ignore[assignment]
    unlink = rmdir = rename = create  # type: ignore[assignment]

    async def _command(self, written: bytes) -> None:
        order = self._directory.order(written)
        if order:
            await self._turns.run(order)

    def _truncate(self, node: Node, length: int) -> None:
        if not node.writable:
            raise FUSEError(errno.EACCES)
        with _as_errno():
            self._directory.truncate(node, length)

    def _list(self, token: ReaddirToken, node: Node) -> bool:
        name = cast("FileNameT", os.fsencode(node.name))
        return pyfuse3.readdir_reply(token, name, self._attributes(node), node.inode)

    def _attributes(self, node: Node) -> EntryAttributes:
        entry = EntryAttributes()
        entry.st_ino = cast("InodeT", node.inode)
        entry.st_mode = cast("ModeT", node.mode)
        entry.st_nlink = tree.links(node)
        entry.st_uid, entry.st_gid = os.getuid(), os.getgid()
        entry.st_size = len(self._directory.content(node))
        entry.entry_timeout, entry.attr_timeout = _NAMES_STAY_S, 0
        changed = self._directory.drawn_ns(node) or self._mounted_ns
        entry.st_atime_ns = entry.st_mtime_ns = entry.st_ctime_ns = changed
        return entry
