"""Name a build context after what is in it."""

# mypy: disable-error-code="import-untyped, misc"

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DOCUMENTATION = """
name: build_context_hash
short_description: A hash over a directory that something is built from
description:
  - Hashes relative paths, contents and executable bits of all files of a directory.
  - What no build reads is left out, so that running the tests changes no hash.
    That is caches of Python and its tools, and what C(.dockerignore) names.
  - Times, owners and the other mode bits count for nothing.
options:
  _terms:
    description:
      - The directory on the controller.
      - After it any number of strings that count too, such as the target and build arguments.
    required: true
  files:
    description: Give the SHA-1 of each file instead, to compare with what is on a host.
    type: bool
    default: false
"""
EXAMPLES = """
- ansible.builtin.debug:
    msg: "inkstand/app:{{ lookup('build_context_hash', 'images/app', 'debian:trixie-slim') }}"
"""
RETURN = """
_raw:
  description: 12 hexadecimal digits, or with O(files) a dictionary from relative path to SHA-1.
  type: list
  elements: raw
"""

DIGITS = 12
NOT_SOURCE = (
    "__pycache__",
    "*.py[co]",
    "*.egg-info",
    ".coverage",
    ".git",
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "*.swp",
    "*~",
)
ALWAYS = ("Dockerfile", ".dockerignore")


class Rule(NamedTuple):
    """One line of a .dockerignore: what it matches, and whether it lets through instead."""

    pattern: re.Pattern[str]
    lets_through: bool


def _expression(pattern: str) -> str:
    """Translate Docker's pattern: `**` spans directories, `*` and `?` stay within a name."""
    translated = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    return translated.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")


def rules(text: str) -> list[Rule]:
    """Read a .dockerignore."""
    lines = [line.strip() for line in text.splitlines()]
    found = []
    for line in filter(lambda text: text and not text.startswith("#"), lines):
        pattern = os.path.normpath(line.removeprefix("!").strip()).strip("/")
        found.append(Rule(re.compile(_expression(pattern)), line.startswith("!")))
    return found


def _with_parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def ignored(path: str, given: Sequence[Rule]) -> bool:
    """Tell whether a relative path is left out: by its name, or by the last rule that fits it."""
    if any(fnmatch.fnmatch(name, known) for name in path.split("/") for known in NOT_SOURCE):
        return True
    verdict = False
    for rule in given:
        if any(rule.pattern.fullmatch(part) for part in _with_parents(path)):
            verdict = not rule.lets_through
    return verdict and path not in ALWAYS


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_symlink() or path.is_file():
            yield path


def source_files(folder: Path) -> list[tuple[str, Path]]:
    """List what a build reads, by relative path, in an order that is the same everywhere."""
    dockerignore = folder / ".dockerignore"
    given = rules(dockerignore.read_text()) if dockerignore.exists() else []
    named = ((path.relative_to(folder).as_posix(), path) for path in _walk(folder))
    return sorted((name, path) for name, path in named if not ignored(name, given))


def _entry(name: str, path: Path) -> bytes:
    if path.is_symlink():
        kind, content = b"link", os.fsencode(path.readlink())
    else:
        kind, content = (b"program" if os.access(path, os.X_OK) else b"file"), path.read_bytes()
    return b"\0".join([kind, name.encode(), hashlib.sha256(content).digest()])


def context_hash(folder: Path, *extra: str) -> str:
    """Hash a directory and some strings.

    Raises:
        NotADirectoryError: there is no such directory.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no directory")
    digest = hashlib.sha256()
    for name, path in source_files(folder):
        digest.update(hashlib.sha256(_entry(name, path)).digest())
    for text in extra:
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()[:DIGITS]


def file_hashes(folder: Path) -> dict[str, str]:
    """Give the SHA-1 of each file, which is what Ansible's modules give of files on a host."""
    return {
        name: hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
        for name, path in source_files(folder)
        if path.is_file()
    }


class LookupModule(LookupBase):
    """The plugin, as Ansible calls it."""

    source_files = staticmethod(source_files)

    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[Any]:
        """Give the hash, or those of the files, as a list of one."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            if kwargs.get("files"):
                return [file_hashes(Path(terms[0]))]
            return [context_hash(Path(terms[0]), *map(str, terms[1:]))]
        except (IndexError, OSError) as error:
            raise AnsibleError(f"build_context_hash: {error}") from error
