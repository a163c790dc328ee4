"""Files: written as a whole, compared, kept as one archive, and put back as they were."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import json
import os
import shutil
import stat
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def listed(patterns: Sequence[str]) -> list[Path]:
    """Return what the patterns name and all that is below, parents first; !this is left out."""
    out = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    roots = {Path(found) for pattern in patterns for found in glob.glob(pattern)}  # noqa: PTH207
    below = {path for root in roots if root.is_dir() for path in root.rglob("*")}
    return sorted(path for path in roots | below if not _is_left_out(path, out))


def _is_left_out(path: Path, patterns: Sequence[str]) -> bool:
    if "__pycache__" in path.parts:
        return True
    return any(fnmatch.fnmatchcase(os.fspath(path), pattern) for pattern in patterns)


def entry(path: Path) -> str:
    """Return what is the same for equal files only: kind, mode, owners and content."""
    found = path.lstat()
    content = b""
    if stat.S_ISREG(found.st_mode):
        content = path.read_bytes()
    elif stat.S_ISLNK(found.st_mode):
        content = os.fsencode(path.readlink())
    return f"{found.st_mode:o} {found.st_uid} {found.st_gid} {hashlib.sha256(content).hexdigest()}"


def state(patterns: Sequence[str]) -> dict[str, str]:
    """Return the entry of every file that the patterns name."""
    return {os.fspath(path): entry(path) for path in listed(patterns)}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Return the paths that came, went or changed."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def keep(archive: Path, patterns: Sequence[str]) -> None:
    """Write the files into an archive that root alone can read."""
    with (
        open(os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw,  # noqa: PTH123
        tarfile.open(fileobj=raw, mode="w") as tar,
    ):
        for path in listed(patterns):
            tar.add(path, os.fspath(path).lstrip("/"), recursive=False)


def put_back(
    archive: Path, before: dict[str, str], patterns: Sequence[str], last: Path | None = None
) -> set[str]:
    """Make the files what they were, and return those that were not.

    A file is replaced as a whole, and what lies in the directory `last` after all others: Traefik
    watches that, and reads at once what is named there. Directories that stay are not made anew:
    containers hold them.
    """
    wrong = changed(before, state(patterns))
    with tarfile.open(archive) as tar:
        tar.extraction_filter = _as_it_was
        for path in sorted(wrong & before.keys(), key=lambda it: (Path(it).parent == last, it)):
            _extract(tar, path)
    for path in sorted(wrong - before.keys(), reverse=True):
        remove(Path(path))
    return wrong


def remove(path: Path) -> None:
    """Remove a file, a link or a directory with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _as_it_was(member: tarfile.TarInfo, _path: str) -> tarfile.TarInfo:
    """Written by root for root: owners and modes stay; Python before 3.11.4 does so anyway."""
    return member


def _extract(tar: tarfile.TarFile, path: str) -> None:
    member = tar.getmember(path.lstrip("/"))
    if member.isdir():
        tar.extract(member, "/", numeric_owner=True)
        return
    new = f"{path}.inkstand-new"
    Path(new).unlink(missing_ok=True)
    tar.extract(member.replace(name=new.lstrip("/")), "/", numeric_owner=True)
    os.replace(new, path)  # noqa: PTH105


def write_json(path: Path, content: Any) -> None:
    """Write a file that is there as a whole or not at all, for root alone."""
    new = path.with_suffix(".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        json.dump(content, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file that is there as a whole or not at all."""
    new = target.with_suffix(".new")
    shutil.copyfile(source, new)
    new.replace(target)


def read_json(path: Path) -> Any:
    """Read a file; None when there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def write_log(path: Path, text: str) -> None:
    """Write a log that root alone can read: people's messages may be in it."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        file.write(text)
