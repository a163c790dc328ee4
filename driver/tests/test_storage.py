"""The state directory."""

import os
from pathlib import Path

import pytest

from epdfuse.storage import (
    StateDirectoryError,
    claim,
    forget_file,
    holder,
    keep_file,
    replace_file,
)

pytestmark = pytest.mark.unit


def test_replacing_leaves_no_other_file_behind(tmp_path: Path) -> None:
    replace_file(tmp_path / "glass", b"one")
    replace_file(tmp_path / "glass", b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["glass"]
    assert (tmp_path / "glass").read_bytes() == b"two"


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """What was put onto the disk: its inode, and whether `glass` was there at that moment."""
    found: list[tuple[int, bool]] = []

    def note(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        folder = path if path.is_dir() else path.parent
        found.append((path.stat().st_ino, (folder / "glass").exists()))

    monkeypatch.setattr("epdfuse.storage.os.fsync", note)
    return found


def test_what_is_kept_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, flushed: list[tuple[int, bool]]
) -> None:
    keep_file(tmp_path / "glass", b"one")
    assert (tmp_path / "glass").read_bytes() == b"one"
    file, folder = (tmp_path / "glass").stat().st_ino, tmp_path.stat().st_ino
    assert flushed == [(file, False), (folder, True)]


def test_what_is_forgotten_is_gone_from_the_disk_too(
    tmp_path: Path, flushed: list[tuple[int, bool]]
) -> None:
    (tmp_path / "glass").touch()
    forget_file(tmp_path / "glass")
    assert flushed == [(tmp_path.stat().st_ino, False)]


def test_what_is_forgotten_already_writes_nothing(
    tmp_path: Path, flushed: list[tuple[int, bool]]
) -> None:
    forget_file(tmp_path / "glass")
    assert flushed == []


def test_a_claimed_directory_is_made_and_has_a_holder(tmp_path: Path) -> None:
    with claim(tmp_path / "a" / "b"):
        assert holder(tmp_path / "a" / "b") == os.getpid()
    assert holder(tmp_path / "a" / "b") is None


def test_other_directories_are_made_too(tmp_path: Path) -> None:
    with claim(tmp_path / "state", tmp_path / "run" / "epdfuse"):
        assert (tmp_path / "run" / "epdfuse").is_dir()


def test_a_directory_that_nobody_claimed_has_no_holder(tmp_path: Path) -> None:
    assert holder(tmp_path) is None


def test_a_second_driver_is_refused(tmp_path: Path) -> None:
    with claim(tmp_path), pytest.raises(StateDirectoryError, match="another driver"):
        claim(tmp_path)


def test_a_place_that_cannot_be_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateDirectoryError, match="cannot use"):
        claim(tmp_path / "file" / "state")
