"""The Debian 13 root file system that everything starts from, built once and kept."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tools.common import archives
from tools.common.commands import attempt, run
from tools.common.paths import BASE_IMAGE, CACHE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SUITE = "trixie"
MMDEBSTRAP = ("mmdebstrap", "--variant=minbase", "--quiet", SUITE)


def key(*parts: bytes) -> str:
    """Name a set of inputs: 12 hexadecimal digits over all of them and the architecture."""
    digest = hashlib.sha256(platform.machine().encode())
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:12]


@contextmanager
def alone(cache: Path = CACHE) -> Iterator[None]:
    """Let only one program at a time fill the cache of this repository."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove(path: Path) -> None:
    """Remove a file or a directory, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def built(path: Path, build: Callable[[Path], None]) -> bool:
    """Make a file or a directory of the cache if it is not there, and tell whether it was made now.

    It gets its name only when it is whole, so an interrupted build leaves nothing that looks done.
    """
    if path.exists():
        return False
    unfinished = path.with_name(f".{path.name}.unfinished")
    remove(unfinished)
    build(unfinished)
    unfinished.replace(path)
    return True


def _debootstrap(target: Path) -> None:
    todo = "Debian's archive must be reachable, and debian-archive-keyring up to date."
    # The name of the target ends in no known suffix, so the format is said.
    run([*MMDEBSTRAP[:-1], "--format=tar", SUITE, os.fspath(target)], todo=todo)


def tarball(cache: Path = CACHE) -> Path:
    """Name the root file system's file in the cache."""
    return cache / f"debian-{SUITE}-{key(' '.join(MMDEBSTRAP).encode())}.tar"


def base_archive(cache: Path = CACHE) -> Path:
    """Name the file that holds the base image for an engine to load."""
    return tarball(cache).with_suffix(".image.tar")


def make_base(say: Callable[[str], None]) -> Path:
    """Give the archive of the base image, built when the cache has none."""
    archive = base_archive()
    with alone():
        new = built(tarball(), _debootstrap)
        built(archive, lambda path: archives.write_image(path, tarball(), BASE_IMAGE))
    say("built" if new else "from the cache")
    return archive


def load(archive: Path) -> str:
    """Load an image archive into the local engine, unless its image is there: the image's id.

    A tag of the same name that somebody else made is left alone.
    """
    identity = archives.image_id(archive)
    if not has_image(identity):
        untagged = archives.image_name(archive)
        before = attempt(["docker", "image", "inspect", "--format", "{{.Id}}", untagged])
        run(["docker", "load", "--quiet", "--input", os.fspath(archive)])
        if before:
            run(["docker", "tag", before.strip(), untagged])
    return identity


def has_image(name: str) -> bool:
    """Tell whether the local engine has an image of that name."""
    return attempt(["docker", "image", "inspect", "--format", "{{.Id}}", name]) is not None
