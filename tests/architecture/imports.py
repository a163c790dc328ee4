"""What imports what, read out of the source: nothing is imported to find out."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Import:
    """One import; `imported` is a module that was read, or the name as it is written.

    `for_types` says that only a type checker follows it. An import within a function counts like
    one at the top: it is one more thing that the module needs.
    """

    importer: str
    imported: str
    for_types: bool = False


def modules(folder: Path, base: Path) -> dict[str, Path]:
    """Return the Python files in `folder` by their dotted names from `base`."""
    return {_name(path.relative_to(base)): path for path in sorted(folder.rglob("*.py"))}


def imports(files: Mapping[str, Path]) -> list[Import]:
    """Return what the modules of `files` import, each once for each importer and kind."""
    found = {
        Import(name, _known(imported, files), for_types)
        for name, path in files.items()
        for imported, for_types in _written(name, path)
    }
    return sorted(found, key=lambda it: (it.importer, it.imported, it.for_types))


def within(module: str, names: Iterable[str]) -> bool:
    """Return whether `module` is one of `names`, or below one."""
    return any(module == name or module.startswith(f"{name}.") for name in names)


def circles(arrows: Iterable[tuple[str, str]]) -> list[set[str]]:
    """Return the groups of names that reach each other by `arrows`."""
    ahead: dict[str, set[str]] = {}
    for one, other in arrows:
        if one != other:
            ahead.setdefault(one, set()).add(other)
    reached = {name: _reached(name, ahead) for name in ahead}
    groups = {
        frozenset(other for other in reached[name] if name in reached.get(other, ()))
        for name in ahead
        if name in reached[name]
    }
    return sorted((set(group) for group in groups), key=sorted)


def _reached(start: str, ahead: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ends = [start]
    while ends:
        new = ahead.get(ends.pop(), set()) - found
        found |= new
        ends += new
    return found


def _name(short: Path) -> str:
    parts = short.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _known(name: str, files: Mapping[str, Path]) -> str:
    """Return the module that `from module import thing` is about, by `name` = module.thing."""
    parts = name.split(".")
    shorter = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((module for module in shorter if module in files), name)


def _written(module: str, path: Path) -> Iterator[tuple[str, bool]]:
    tree = ast.parse(path.read_text(), str(path))
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for_types = {
        below
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and _asks_for_types(node.test)
        for statement in node.body
        for below in ast.walk(statement)
    }
    for node in ast.walk(tree):
        for name in _named(node, package):
            yield name, node in for_types


def _asks_for_types(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _named(node: ast.AST, package: list[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = package[: len(package) + 1 - node.level] if node.level else []
        start = ".".join([*above, *([node.module] if node.module else [])])
        return [f"{start}.{alias.name}" for alias in node.names]
    return []
