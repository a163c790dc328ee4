"""The state directory."""

import os
from pathlib import Path

import pytest

from epdfuse.storage import StateDirectoryError, claim, holder, replace_file

pytestmark = pytest.mark.unit


def test_replacing_leaves_no_other_file_behind(tmp_path: Path) -> None:
    replace_file(tmp_path / "glass", b"one")
    replace_file(tmp_path / "glass", b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["glass"]
    assert (tmp_path / "glass").read_bytes() == b"two"


def test_a_claimed_directory_is_made_and_has_a_holder(tmp_path: Path) -> None:
    with claim(tmp_path / "a" / "b"):
        assert holder(tmp_path / "a" / "b") == os.getpid()
    assert holder(tmp_path / "a" / "b") is None


def test_a_directory_that_nobody_claimed_has_no_holder(tmp_path: Path) -> None:
    assert holder(tmp_path) is None


def test_a_second_driver_is_refused(tmp_path: Path) -> None:
    with claim(tmp_path), pytest.raises(StateDirectoryError, match="another driver"):
        claim(tmp_path)


def test_a_place_that_cannot_be_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateDirectoryError, match="cannot use"):
        claim(tmp_path / "file" / "state")
