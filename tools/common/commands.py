"""Run other programs: output is kept quiet until it is needed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tools.common.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TAIL_LINES = 15


class CommandError(ToolError):
    """A program ended with an error, or could not be started."""


def tail(text: str, lines: int = TAIL_LINES) -> str:
    """Give the last lines that are not empty."""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


def _failed(argv: Sequence[str], how: str, said: str, todo: str) -> CommandError:
    return CommandError(f"`{' '.join(argv[:4])}` {how}.", todo=todo, tail=tail(said))


def run(
    argv: Sequence[str],
    *,
    todo: str = "",
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> str:
    """Run a program and give what it wrote to stdout.

    Raises:
        CommandError: it is missing, its status was not 0, or it took more than `timeout` s.
    """
    try:
        done = subprocess.run(
            argv, input=stdin, env=env, timeout=timeout, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise _failed(argv, "is not installed", "", todo) from None
    except subprocess.TimeoutExpired:
        raise _failed(argv, f"did not end within {timeout} s", "", todo) from None
    if done.returncode:
        raise _failed(argv, f"ended with {done.returncode}", done.stdout + done.stderr, todo)
    return done.stdout


def read_bytes(argv: Sequence[str], *, todo: str = "") -> bytes:
    """Run a program and give the bytes it wrote to stdout.

    Raises:
        CommandError: it ended with a status other than 0.
    """
    done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode:
        raise _failed(argv, f"ended with {done.returncode}", done.stderr.decode(), todo)
    return done.stdout


def attempt(argv: Sequence[str], *, timeout: float | None = 30) -> str | None:
    """Run a program whose failure is an answer: its stdout, or None when it failed."""
    try:
        return run(argv, timeout=timeout)
    except CommandError:
        return None


def show(argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> int:
    """Run a program with the terminal of this one, and give its status."""
    return subprocess.run(argv, env=env, check=False).returncode
