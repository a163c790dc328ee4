"""The files of the mounted directory: names, modes, and what each one stands for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from stat import S_IFDIR, S_IFREG

from epdfuse.panel.bits import View

ROOT = 1
"""Inode number of the mounted directory itself."""


class Kind(Enum):
    """What a file stands for."""

    DIRECTORY = auto()
    VERSION = auto()
    PANEL = auto()
    CURRENT = auto()
    DISPLAY = auto()
    COMMAND = auto()
    TEMPERATURE = auto()
    STAGE_TIME = auto()
    ERROR = auto()


@dataclass(frozen=True, slots=True)
class Node:
    """One file or directory; `mode` holds type and permissions."""

    inode: int
    parent: int
    name: str
    kind: Kind
    mode: int
    view: View = View.BE

    @property
    def writable(self) -> bool:
        """Whether anybody may write to it."""
        return bool(self.mode & 0o222)


_TEXTS: Mapping[str, tuple[Kind, int]] = {
    "panel": (Kind.PANEL, 0o444),
    "command": (Kind.COMMAND, 0o222),
    "temperature": (Kind.TEMPERATURE, 0o666),
    "pu_stagetime": (Kind.STAGE_TIME, 0o666),
    "version": (Kind.VERSION, 0o444),
    "error": (Kind.ERROR, 0o444),
}

_FRAMES: Mapping[str, tuple[Kind, int]] = {
    "current": (Kind.CURRENT, 0o444),
    "display": (Kind.DISPLAY, 0o666),
}


def _frames(parent: int, plain: View, inverse: View, inodes: Iterator[int]) -> Iterator[Node]:
    for name, (kind, mode) in _FRAMES.items():
        for suffix, view in (("", plain), ("_inverse", inverse)):
            yield Node(next(inodes), parent, name + suffix, kind, S_IFREG | mode, view)


def _directory(inode: int, name: str) -> Node:
    return Node(inode, ROOT, name, Kind.DIRECTORY, S_IFDIR | 0o555)


def _nodes() -> Iterator[Node]:
    inodes = count(ROOT)
    yield _directory(next(inodes), "")
    big, little = _directory(next(inodes), "BE"), _directory(next(inodes), "LE")
    yield from (big, little)
    yield from _frames(ROOT, View.BE, View.BE_INVERSE, inodes)
    for name, (kind, mode) in _TEXTS.items():
        yield Node(next(inodes), ROOT, name, kind, S_IFREG | mode)
    yield from _frames(big.inode, View.BE, View.BE_INVERSE, inodes)
    yield from _frames(little.inode, View.LE, View.LE_INVERSE, inodes)


NODES: Mapping[int, Node] = {node.inode: node for node in _nodes()}
"""Every file and directory by inode number."""


def children(parent: int) -> list[Node]:
    """What a directory holds, in the order of inode numbers."""
    return [node for node in NODES.values() if node.parent == parent and node.inode != ROOT]


def find(parent: int, name: str) -> Node | None:
    """A directory's entry, also by `.` and `..`; None when there is none of that name."""
    if name in {".", ".."}:
        return NODES[parent if name == "." else NODES[parent].parent]
    return next((node for node in children(parent) if node.name == name), None)


def links(node: Node) -> int:
    """Number of hard links: for a directory itself, its entry, and its subdirectories."""
    if node.kind is not Kind.DIRECTORY:
        return 1
    return 2 + sum(child.kind is Kind.DIRECTORY for child in children(node.inode))
