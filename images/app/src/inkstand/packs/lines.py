"""On which line of a TOML file a key stands; tomllib does not say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\s-]+?)\s*\]\]?")
_KEY = re.compile(r"\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*=\s*(.*)")
_FENCES = ('"""', "'''")


@dataclass(slots=True)
class _Scan:
    """Where in the file the reading is: in which table, in which list, in which long text."""

    lines: dict[Path, int] = field(default_factory=dict)
    table: Path = ()
    counts: dict[Path, int] = field(default_factory=dict)
    listed: Path | None = None
    fence: str = ""

    def read(self, number: int, line: str) -> None:
        if self.fence:
            self.fence = "" if line.count(self.fence) % 2 else self.fence
        elif self.listed is not None and line.lstrip().startswith("{"):
            self._note((*self.listed, self._next(self.listed)), number)
        elif match := _KEY.match(line):
            self._read_key(number, _parts(match[1]), match[2])
        elif match := _HEADER.match(line):
            self._read_header(number, match[1] == "[[", _parts(match[2]))

    def _read_key(self, number: int, key: Path, value: str) -> None:
        path = (*self.table, *key)
        self._note(path, number)
        self.listed = (
            path if value.startswith("[") and value.count("[") > value.count("]") else None
        )
        self.fence = next((it for it in _FENCES if value.count(it) == 1), "")

    def _read_header(self, number: int, several: bool, names: Path) -> None:
        path: Path = ()
        for name in names[:-1]:
            path = (*path, name)
            # What stands below a list belongs to the last table of it.
            path = (*path, self.counts[path]) if path in self.counts else path
        path = (*path, names[-1])
        self.table = (*path, self._next(path)) if several else path
        self.listed = None
        self._note(self.table, number)

    def _next(self, path: Path) -> int:
        self.counts[path] = self.counts.get(path, -1) + 1
        return self.counts[path]

    def _note(self, path: Path, number: int) -> None:
        self.lines.setdefault(path, number)


def find_lines(text: str) -> dict[Path, int]:
    """Return the line, from 1, of each table and key of the TOML `text` that begins one.

    A key is the path to it: ("sources", "meter", "url"), or ("layout", "parts", 0) in a list.
    """
    scan = _Scan()
    for number, line in enumerate(text.splitlines(), 1):
        scan.read(number, line)
    return scan.lines


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """Return the line of `path`, or of what is nearest above it; None when nothing is."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


def _parts(dotted: str) -> Path:
    return tuple(part.strip() for part in dotted.split("."))
