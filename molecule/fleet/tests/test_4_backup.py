"""A backup is one file that only the owner's key opens, made while the app serves."""

from __future__ import annotations

import stat
import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e


def archives(place: Path, pi: Any) -> list[Path]:
    return sorted((place / "backups" / pi.name).glob("*.tar.gz.age"))


def test_without_a_key_nothing_is_begun_and_the_command_that_makes_one_is_said(
    play: Callable[..., Any], one: Any, place: Path
) -> None:
    run = play("backup.yml", "--limit", one.name, "-e", '{"backup_recipients": []}')
    assert run.status != 0
    assert "age-keygen -o ~/.config/inkstand/backup.key" in run.words
    assert archives(place, one) == []


def test_the_secret_half_is_refused_and_not_shown(
    play: Callable[..., Any], one: Any, place: Path
) -> None:
    secret = (place / "owner.key").read_text().splitlines()[-1]
    settings = place / "wrong.json"
    settings.write_text(f'{{"backup_recipients": ["{secret}"]}}')
    run = play("backup.yml", "--limit", one.name, "-e", f"@{settings}")
    assert run.status != 0
    assert "It is the secret half" in run.words
    assert secret not in run.output


def test_a_dry_run_makes_nothing(play: Callable[..., Any], one: Any, place: Path) -> None:
    run = play("backup.yml", "--limit", one.name, "--check")
    assert run.status == 0, run.output[-3000:]
    assert "Would write an archive" in run.words
    assert archives(place, one) == []


def test_the_app_serves_while_it_is_backed_up(
    play: Callable[..., Any], one: Any, place: Path
) -> None:
    token = one.api.ask("POST", "/login", json=one.login)[1]["token"]
    answers: list[int] = []
    done = threading.Event()

    def write() -> None:
        while not done.wait(0.2):
            text = f"Message {len(answers)}"
            answers.append(one.api.ask("POST", "/messages", token, json={"message": text})[0])

    writer = threading.Thread(target=write)
    writer.start()
    run = play("backup.yml", "--limit", one.name)
    done.set()
    writer.join()
    assert run.status == 0, run.output[-3000:]
    assert len(answers) > 3
    assert set(answers) == {201}
    (archive,) = archives(place, one)
    assert archive.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert str(archive) in run.output
    assert one.shell.check_output("find /var/tmp /run -maxdepth 1 -name 'inkstand-*'") == ""


def test_only_so_many_are_kept(play: Callable[..., Any], one: Any, place: Path) -> None:
    before = archives(place, one)
    run = play("backup.yml", "--limit", one.name, "-e", "backup_keep=1")
    assert run.status == 0, run.output[-3000:]
    after = archives(place, one)
    assert len(after) == 1
    assert not set(before) & set(after)
