"""When something is installed or removed to get an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from virtual_pi import engine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = pytest.mark.unit


def missing(
    *, there: Sequence[str], engine_answers: bool = False, release: Sequence[str] = ()
) -> list[str]:
    return engine.missing_packages(
        engine=engine_answers, has=lambda p: p in there, known=lambda p: p in release
    )


def test_a_fresh_debian_12_gets_the_packages_it_has() -> None:
    tools = ["mmdebstrap", "debian-archive-keyring", "curl"]
    assert missing(there=()) == [*tools, "docker.io", "iptables"]


def test_a_fresh_debian_13_gets_client_and_buildx_too() -> None:
    packages = missing(there=(), release=("docker-cli", "docker-buildx"))
    assert packages[-2:] == ["docker-cli", "docker-buildx"]


def test_an_engine_that_answers_is_used_whoever_made_it() -> None:
    assert missing(there=("mmdebstrap", "curl", "docker"), engine_answers=True) == []


def test_an_installed_engine_is_not_installed_again() -> None:
    assert missing(there=("mmdebstrap", "curl", "docker", "dockerd", "iptables")) == []


def test_a_pid_file_of_an_earlier_life_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "docker.pid"
    file.write_text("123\n")
    assert engine.stale(file, "dockerd", program_of=lambda _: "bash")
    assert engine.stale(file, "dockerd", program_of=lambda _: "")


def test_a_pid_file_of_a_living_engine_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "docker.pid"
    file.write_text("123\n")
    assert not engine.stale(file, "dockerd", program_of=lambda _: "dockerd")


@pytest.mark.parametrize("content", ["", "not a number"])
def test_a_pid_file_that_names_nothing_is_stale(tmp_path: Path, content: str) -> None:
    file = tmp_path / "docker.pid"
    file.write_text(content)
    assert engine.stale(file, "dockerd", program_of=lambda _: "dockerd")


def test_no_pid_file_is_not_stale(tmp_path: Path) -> None:
    assert not engine.stale(tmp_path / "docker.pid", "dockerd")


def test_only_stale_files_are_removed(tmp_path: Path) -> None:
    stale, other = tmp_path / "a.pid", tmp_path / "b.pid"
    stale.write_text("4194305")
    engine.remove_stale_pid_files([(str(stale), "dockerd"), (str(other), "dockerd")])
    assert not stale.exists()


def test_only_an_engine_that_was_started_here_and_lives_is_stopped(tmp_path: Path) -> None:
    assert engine.started_here(tmp_path) is None
    (tmp_path / "dockerd.pid").write_text("4711\n")
    assert engine.started_here(tmp_path, program_of=lambda _: "bash") is None
    assert engine.started_here(tmp_path, program_of=lambda _: "dockerd") == 4711
