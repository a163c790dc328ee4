"""Encryption by the program age, through pipes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tarfile
import tempfile
import zlib
from typing import IO, TYPE_CHECKING, Any

from inkstand_host.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

CHUNK = 1 << 20


@contextlib.contextmanager
def age(argv: Sequence[str], **streams: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run age, and see in the end that it was content.

    What breaks in the body while age fails is told in the words of age, which knows why.

    Raises:
        ArchiveError: age is not installed, or it failed; or what it gave is no archive.
    """
    broken: Exception | None = None
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(["age", *argv], stderr=said, **streams)
        except FileNotFoundError as error:
            raise ArchiveError("age is not installed here:  apt install age") from error
        with process:
            try:
                yield process
            except (tarfile.TarError, EOFError, zlib.error, BrokenPipeError) as error:
                broken = error
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    _finish(stream)
        said.seek(0)
        words = said.read().decode(errors="replace")
    if process.returncode:
        raise ArchiveError(explain(words)) from broken
    if broken:
        raise ArchiveError(f"The archive is damaged: {broken}") from broken


def _finish(stream: IO[bytes] | None) -> None:
    if stream is None:
        return
    if stream.readable():
        while stream.read(CHUNK):
            pass
    stream.close()


def explain(words: str) -> str:
    """Say in a sentence what age said."""
    said = (
        words.strip().splitlines()[0].removeprefix("age: error: ") if words.strip() else "nothing"
    )
    if "no identity matched" in words:
        return "The archive was made for another key than that of backup_identity_file."
    if "malformed recipient" in words or "unknown recipient" in words:
        return f"backup_recipients has something that is no public key: {said}"
    if "identity" in words or "failed to open file" in words:
        return f"The key of backup_identity_file cannot be used: {said}"
    if "failed to open input file" in words:
        return f"The archive cannot be read: {said}"
    return f"The archive is damaged, or is none: {said}"


@contextlib.contextmanager
def encrypted(target: Path, recipients: Iterable[str]) -> Iterator[IO[bytes]]:
    """Give a stream into a file that only the owners of `recipients` can read."""
    options = [option for one in recipients for option in ("--recipient", one)]
    with age([*options, "--output", os.fspath(target)], stdin=subprocess.PIPE) as process:
        assert process.stdin  # noqa: S101  (it is a pipe)
        yield process.stdin


@contextlib.contextmanager
def decrypted(archive: Path, identity: Path) -> Iterator[IO[bytes]]:
    """Give the plain text of a file that was made for the key in the file `identity`."""
    argv = ["--decrypt", "--identity", os.fspath(identity), os.fspath(archive)]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    with age(argv, **streams) as process:
        assert process.stdout  # noqa: S101  (it is a pipe)
        yield process.stdout
