"""Where the commands meet the world: files of the user, the terminal, the clock, the network."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkstand.client.errors import ClientError, MisusedError
from inkstand.client.logins import Login, Logins, choose, config_file, origin
from inkstand.client.server import Server

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

# For scripts and containers, where nobody logs in.
_SERVER, _TOKEN = "INKSTAND_SERVER", "INKSTAND_TOKEN"
STANDARD = Path("-")
# Seconds that nobody minds.
_SOON = 1.0
# Seconds after which an alarm that nobody heard rings again.
_AGAIN = 1.0


def logins() -> Logins:
    """Return the logins of the user who runs this."""
    return Logins(config_file(os.environ, Path.home()))


def login_of(options: argparse.Namespace) -> Login:
    """Return the login that `--server` or the environment mean, else the latest one.

    Raises:
        ClientError: there is none.
    """
    wanted = options.server or os.environ.get(_SERVER)
    if token := os.environ.get(_TOKEN):
        return _of_environment(wanted, token)
    return choose(logins().all(), wanted)


def server_of(
    options: argparse.Namespace, *, timeout: float = 20.0, progress: Progress | None = None
) -> Server:
    """Return the server that is meant, ready to be asked.

    Raises:
        ClientError: nobody is logged in there.
    """
    login = login_of(options)
    return Server(login.url, login.token, login.ca, timeout=timeout, progress=progress)


def _of_environment(wanted: str | None, token: str) -> Login:
    if wanted is None:
        raise MisusedError(f"{_TOKEN} is set, but not for which server; set {_SERVER} as well")
    known = [login for login in logins().all() if login.url == origin(wanted)]
    return Login(origin(wanted), "", token, known[0].ca if known else None)


def say(*lines: str) -> None:
    """Print what was asked for, at once."""
    for line in lines:
        print(line, flush=True)


def say_json(value: Any) -> None:
    """Print `value` for programs."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def note(line: str) -> None:
    """Tell the user, not the program that reads the output."""
    print(f"inkstand: {line}", file=sys.stderr, flush=True)


class Progress:
    """How much of what is sent has gone, for a terminal, once that takes longer than a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begin = clock()

    def __call__(self, sent: int, total: int) -> None:
        """Say that `sent` bytes of `total` have gone."""
        if sent == 0:
            self._begin = self._clock()
        if sys.stderr.isatty() and self._clock() - self._begin > _SOON:
            line = f"inkstand: sent {sent // 1024} of {total // 1024} kB" if sent < total else ""
            # What is said next takes its place.
            print(f"{line}\x1b[K\r", end="", file=sys.stderr, flush=True)


def now() -> datetime:
    """Return this moment in the time zone of the user."""
    return datetime.now().astimezone()


def end_at_once() -> None:
    """Let Ctrl-C end the program without a word, from now on.

    As an exception it can get lost, or wait for the network: see alarm().
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def alarm(seconds: float | None, error: Exception) -> Iterator[None]:
    """Raise `error` when the block takes longer than `seconds`, whatever it waits for."""

    def ring(*_: object) -> None:
        raise error

    before = signal.signal(signal.SIGALRM, ring)
    # Again and again: one that comes just before Python reads is seen with what it reads, and an
    # exception out of a destructor is lost.
    signal.setitimer(signal.ITIMER_REAL, seconds or 0, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def read_bytes(path: Path) -> bytes:
    """Return what a file holds; "-" is standard input.

    Raises:
        ClientError: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if path == STANDARD else path.read_bytes()
    except OSError as error:
        raise ClientError(f"cannot read {path}: {error.strerror}") from error


def read_text(path: Path) -> str:
    """Return the text that a file holds; "-" is standard input.

    Raises:
        ClientError: it cannot be read, or is not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        name = "standard input" if path == STANDARD else path
        raise ClientError(f"{name} is not text in UTF-8") from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file at once, or standard output when `path` is "-".

    Raises:
        ClientError: it cannot be written.
    """
    if path == STANDARD:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ClientError(f"cannot write {path}: {error.strerror}") from error
