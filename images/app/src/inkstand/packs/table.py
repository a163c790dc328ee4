"""A table of a pack's file, read key by key; what is wrong is noted, and reading goes on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inkstand.errors import PackError, did_you_mean
from inkstand.packs.lines import Path, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a table",
    list: "a list",
}


@dataclass(slots=True)
class Problems:
    """What is wrong with a pack, in the order in which it was found."""

    lines: dict[Path, int]
    found: list[PackError] = field(default_factory=list)

    def add(self, path: Path, sentence: str) -> None:
        """Note that what stands at `path` is wrong; `sentence` goes on after its name."""
        name = dotted(path)
        detail = f"{name} {sentence}" if name else sentence
        self.found.append(PackError(detail, line_of(self.lines, path)))


def dotted(path: Path) -> str:
    """Return `path` as people write it; the parts of a list count from 1."""
    words = [str(part + 1) if isinstance(part, int) else part for part in path]
    return ".".join(words)


@dataclass(slots=True)
class Table:
    """One table at `path`. What was not asked for when done() is called is not known."""

    data: dict[str, Any]
    path: Path
    problems: Problems
    asked: set[str] = field(default_factory=set)

    def take(self, key: str, kind: type, default: Any = None, *, required: bool = False) -> Any:
        """Return the value of `key` if it is of `kind`, and else `default`, after noting that."""
        self.asked.add(key)
        if key not in self.data:
            if required:
                self.complain(f"needs {key}, {_WORDS[kind]}")
            return default
        value = self.data[key]
        if not _is(value, kind):
            self.complain(f"has to be {_WORDS[kind]}", key)
            return default
        return value

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        """Return a text."""
        return str(self.take(key, str, default, required=required))

    def number(self, key: str, low: float, high: float, default: float) -> float:
        """Return a number from `low` to `high`, a whole one when `default` is."""
        value: float = self.take(key, type(default), default)
        if low <= value <= high:
            return value
        self.complain(f"is {value}; it can be from {low:.10g} to {high:.10g}", key)
        return default

    def choice(self, key: str, choices: Iterable[str], default: str, **options: bool) -> str:
        """Return one of `choices`."""
        value, known = self.text(key, default, **options), tuple(choices)
        if value in known or key not in self.data:
            return value if value in known else default
        self.complain(f'"{value}" is not known{did_you_mean(value, known)}', key)
        return default

    def table(self, key: str, *, required: bool = False) -> Table:
        """Return the table below `key`; an empty one when there is none."""
        return self._below(key, self.take(key, dict, {}, required=required))

    def tables(self, key: str) -> Iterator[tuple[str, Table]]:
        """Yield each table below the table `key`, with its name."""
        for name, value in self.take(key, dict, {}).items():
            if self.is_name(name, key) and isinstance(value, dict):
                yield name, self._below(key, value, name)
            elif not isinstance(value, dict):
                self.complain(f"has to be a table: [{dotted((*self.path, key, name))}]", key, name)

    def listed(self, key: str, *, required: bool = False) -> Iterator[Table]:
        """Yield each table of the list `key`."""
        for place, value in enumerate(self.take(key, list, [], required=required)):
            if isinstance(value, dict):
                yield self._below(key, value, place)
            else:
                self.complain("has to be a table: {…}", key, place)

    def is_name(self, name: str, *above: str) -> bool:
        """Return whether `name` is good for a setting, source or value; complain when not."""
        if NAME.fullmatch(name):
            return True
        self.complain("is no name; use a to z, 0 to 9 and _", *above, name)
        return False

    def complain(self, sentence: str, *below: str | int) -> None:
        """Note what is wrong with this table, or with what is `below` it."""
        self.problems.add((*self.path, *below), sentence)

    def done(self) -> None:
        """Note each key that nobody asked for."""
        for key in [key for key in self.data if key not in self.asked]:
            self.complain(f"is not known{did_you_mean(key, sorted(self.asked))}", key)

    def _below(self, key: str, value: dict[str, Any], *below: str | int) -> Table:
        return Table(value, (*self.path, key, *below), self.problems)


def _is(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
