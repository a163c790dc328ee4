"""A disk of its own that can be told to stall and to fail, and what a power cut leaves of it."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tools.common.paths import ROOT

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PROGRAM = "images.app.tests.api.faulty_disk"
PATIENCE = 60.0
SIZE = 64 << 20
# What a disk writes whole or not at all, in bytes.
SECTOR = 512
# How the disk's journal begins each entry: place and length of a write, or SYNC and 0.
HEAD = struct.Struct("<QQ")
SYNC = 2**64 - 1


def run(*command: str) -> str:
    """Run a program and return what it wrote."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout.strip()


class Disk:
    """A disk of its own with an ext4 on it, mounted at `folder`."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "mounted"
        self._content, self._word, self.journal, self._outside = (
            place / name for name in ("content", "word", "journal", "outside")
        )
        for path in (self.folder, self._outside):
            path.mkdir()
        self._content.touch()
        os.truncate(self._content, SIZE)
        self.say("")
        self._loop = ""

    def start(self, *options: str) -> None:
        """Make its file system, with these options, and mount it."""
        # It ends with the tests; mounts that a run leaves which was cut off, the next takes away.
        paths = map(str, (self._outside, self._content, self._word, self.journal))
        arguments = ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", PROGRAM, *paths]
        self._process = subprocess.Popen(arguments, cwd=ROOT)
        deadline = time.monotonic() + PATIENCE
        while not (self._outside / "disk").exists():
            assert time.monotonic() < deadline, "the disk is not there"
            time.sleep(0.01)
        self._loop = run("losetup", "--find", "--show", str(self._outside / "disk"))
        run("mkfs.ext4", "-q", "-F", *options, self._loop)
        self.mount()

    def mount(self) -> None:
        """Let its files be there."""
        run("mount", "-o", "noatime", self._loop, str(self.folder))

    def mount_anew(self) -> None:
        """Do what the next start of a Pi does."""
        run("umount", str(self.folder))
        self.mount()

    def give_up(self) -> None:
        """Let the file system find out that it cannot write its journal."""
        command = ["sync", "--file-system", str(self.folder)]
        assert subprocess.run(command, capture_output=True, check=False).returncode

    def say(self, word: str) -> None:
        """Let it stall, fail, or be well."""
        new = self._word.with_suffix(".new")
        new.write_text(word)
        new.replace(self._word)

    def end(self) -> None:
        """Remove it, whatever has become of it."""
        self.say("")
        for command in (
            ["umount", "--lazy", str(self.folder)],
            ["losetup", "--detach", self._loop],
            ["fusermount3", "-u", "-z", str(self._outside)],
        ):
            subprocess.run(command, check=False, capture_output=True)
        self._process.terminate()
        self._process.wait(PATIENCE)


class Remains:
    """What cuts of the power leave of a disk, by its journal; each in a file of its own in `place`.

    What was written before a sync that ended is there. Of each sector that was written after the
    last one, chance says whether it is: a disk writes in any order that suits it.
    """

    def __init__(self, journal: Path, place: Path, chance: random.Random) -> None:
        self._journal, self._place, self._chance = io.BytesIO(journal.read_bytes()), place, chance
        self._safe = place / "safe"
        self._safe.touch()
        os.truncate(self._safe, SIZE)
        self._unsafe: list[tuple[int, bytes]] = []

    def cut(self, position: int) -> tuple[Path, int]:
        """Make the image of a cut when the journal had so many bytes, not before the last one.

        Returns it, and how many writes are uncertain.
        """
        while self._journal.tell() < position:
            place, length = HEAD.unpack(self._journal.read(HEAD.size))
            if place == SYNC:
                _write(self._safe, self._unsafe)
                self._unsafe = []
            else:
                self._unsafe.append((place, self._journal.read(length)))
        # The kernel may still know what was in the one before, by its loop device.
        image = self._place / f"image {position}"
        run("cp", "--sparse=always", str(self._safe), str(image))
        share = self._chance.random()
        sectors = (it for it in _sectors(self._unsafe) if self._chance.random() < share)
        _write(image, sectors)
        return image, len(self._unsafe)


@contextlib.contextmanager
def mounted(image: Path, folder: Path) -> Iterator[None]:
    """Do what a start does with what a cut left, and remove it."""
    run("mount", "-o", "loop,noatime", str(image), str(folder))
    try:
        yield
    finally:
        run("umount", str(folder))
        image.unlink()


def _sectors(writes: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    for place, content in writes:
        for begin in range(0, len(content), SECTOR):
            yield place + begin, content[begin : begin + SECTOR]


def _write(image: Path, writes: Iterable[tuple[int, bytes]]) -> None:
    with image.open("r+b") as file:
        for place, content in writes:
            file.seek(place)
            file.write(content)
