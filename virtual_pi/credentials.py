"""The secrets of one virtual Pi: made once, kept in its state directory, in no log."""

from __future__ import annotations

import json
import os
import secrets
import sys
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from tools.common.commands import run
from tools.common.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

USERNAME = "owner"


@dataclass(frozen=True)
class Credentials:
    """Who may log in."""

    username: str
    password: str
    password_hash: str


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner can read, never half of it."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    unfinished.replace(path)


def make_private(folder: Path) -> None:
    """Make a directory that only its owner can enter."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def hash_password(password: str) -> str:
    """Hash a password with the program that owners use for theirs.

    Raises:
        CommandError: the app's requirements are not installed in this Python.
    """
    environment = {**os.environ, "PYTHONPATH": os.fspath(ROOT / "images" / "app" / "src")}
    argv = [sys.executable, "-m", "inkstand", "hash-password"]
    todo = "Run `tools/setup deploy`, and use `.venv/bin/python`."
    return run(argv, stdin=f"{password}\n", env=environment, todo=todo).strip()


def generate() -> Credentials:
    """Make new credentials."""
    password = secrets.token_urlsafe(12)
    return Credentials(USERNAME, password, hash_password(password))


def load_or_generate(folder: Path) -> Credentials:
    """Give the credentials kept in a directory; make and keep them the first time."""
    make_private(folder)
    kept = folder / "credentials.json"
    if kept.exists():
        found = json.loads(kept.read_text())
        return Credentials(**{item.name: found[item.name] for item in fields(Credentials)})
    made = generate()
    write_private(kept, json.dumps(asdict(made)))
    return made
