"""A Pi that is backed up, and keys."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import os

PROGRAM = Path(__file__).resolve().parents[2] / "src"


@dataclass(frozen=True)
class Key:
    """An identity file of age, and its public half."""

    file: Path
    recipient: str


def make_key(path: Path) -> Key:
    subprocess.run(["age-keygen", "-o", path], check=True, capture_output=True)
    shown = subprocess.run(["age-keygen", "-y", path], check=True, capture_output=True, text=True)
    return Key(path, shown.stdout.strip())


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return make_key(tmp_path / "owner.key")


@pytest.fixture
def stranger(tmp_path: Path) -> Key:
    return make_key(tmp_path / "stranger.key")


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """What a Pi has: an app with a database that is being written to, and configuration."""
    root = tmp_path / "pi"
    secrets = root / "etc" / "app" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "token_secret").write_text("a-key-that-signs\n")
    (secrets / "token_secret").chmod(0o400)
    secrets.chmod(0o500)
    state = root / "var"
    state.mkdir(mode=0o700)
    with closing(sqlite3.connect(state / "messages.sqlite3")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA user_version = 1")
        database.execute("CREATE TABLE message (text TEXT)")
        database.execute("INSERT INTO message VALUES ('on the disk')")
        database.commit()
    return root


@dataclass(frozen=True)
class Desk:
    """Runs the program as the roles do."""

    folder: Path

    @staticmethod
    def places(root: Path) -> list[str]:
        return [
            f"--place=app={root}/var",
            f"--place=etc={root}/etc",
            f"--place=traefik={root}/none",
        ]

    def run(
        self, command: str, *arguments: str | os.PathLike[str]
    ) -> subprocess.CompletedProcess[str]:
        group = "restore" if command in ("unpack", "replace") else "backup"
        argv = [sys.executable, "-I", PROGRAM, group, command, "--json", *arguments]
        return subprocess.run(argv, check=False, capture_output=True, text=True)

    def create(self, root: Path, *recipients: str) -> subprocess.CompletedProcess[str]:
        given = [f"--recipient={one}" for one in recipients]
        staging = self.folder / "staging"
        staging.mkdir(exist_ok=True)
        to: list[str | os.PathLike[str]] = [
            "--staging",
            staging,
            "--output",
            self.file,
            "--host",
            "pi1",
            "--version",
            "0.1.0",
        ]
        return self.run("create", *self.places(root), *given, *to)

    @property
    def file(self) -> Path:
        return self.folder / "pi1.tar.gz.age"

    def read(self, command: str, key: Key, *more: str) -> subprocess.CompletedProcess[str]:
        return self.run(command, "--archive", self.file, "--identity", key.file, *more)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def packed(desk: Desk, pi: Path, key: Key) -> Desk:
    """A desk with an archive of the Pi on it."""
    done = desk.create(pi, key.recipient)
    assert done.returncode == 0, done.stderr
    return desk
