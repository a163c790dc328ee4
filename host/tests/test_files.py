"""Files come back as they were."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from inkstand_host import files

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


def test_files_come_back_with_modes_links_and_directories_and_new_ones_go(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "deep").mkdir(parents=True)
    secret = tree / "deep" / "secret"
    secret.write_text("old")
    secret.chmod(0o400)
    (tree / "link").symlink_to("deep/secret")
    (tree / "gone" / "deeper").mkdir(parents=True, mode=0o750)
    patterns = (str(tree),)
    before = files.state(patterns)
    files.keep(tmp_path / "kept.tar", patterns)
    inode = (tree / "deep").stat().st_ino
    secret.chmod(0o600)
    secret.write_text("new")
    (tree / "link").unlink()
    (tree / "deep").chmod(0o700)
    (tree / "gone" / "deeper").rmdir()
    (tree / "gone").rmdir()
    (tree / "added").mkdir()
    (tree / "added" / "file").write_text("new")
    (tree / "alone").write_text("new")
    (tree / "to").symlink_to("deep")
    wrong = files.put_back(tmp_path / "kept.tar", before, patterns)
    assert {path.removeprefix(f"{tree}/") for path in wrong} == {
        "deep",
        "deep/secret",
        "gone",
        "gone/deeper",
        "link",
        "added",
        "added/file",
        "alone",
        "to",
    }
    assert files.state(patterns) == before
    # A container that has the directory sees it.
    assert (tree / "deep").stat().st_ino == inode
    assert (tmp_path / "kept.tar").stat().st_mode & 0o077 == 0


def test_who_reads_a_file_meanwhile_finds_it_whole(tmp_path: Path) -> None:
    """Traefik once read a certificate that had been emptied to be written, and served none."""
    file = tmp_path / "certificate.pem"
    file.write_text("before")
    patterns = (str(file),)
    before = files.state(patterns)
    files.keep(tmp_path / "kept.tar", patterns)
    file.write_text("after it")
    with file.open() as reader:
        assert files.put_back(tmp_path / "kept.tar", before, patterns) == {str(file)}
        assert reader.read() == "after it"
    assert file.read_text() == "before"
    assert {path.name for path in tmp_path.iterdir()} == {"certificate.pem", "kept.tar"}


def test_what_is_watched_comes_back_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched, named = tmp_path / "a", tmp_path / "b"
    for folder in (watched, named):
        folder.mkdir()
        (folder / "file").write_text("before")
    patterns = (str(watched), str(named))
    before = files.state(patterns)
    files.keep(tmp_path / "kept.tar", patterns)
    for folder in (watched, named):
        (folder / "file").write_text("after")
    replaced: list[str] = []
    replace = os.replace

    def note(new: str, path: str) -> None:
        replaced.append(path)
        replace(new, path)

    monkeypatch.setattr(os, "replace", note)
    files.put_back(tmp_path / "kept.tar", before, patterns, last=watched)
    assert replaced == [str(named / "file"), str(watched / "file")]


def test_what_is_left_out_neither_counts_nor_goes(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    patterns = (str(tree), f"!{tree}/door", f"!{tree}/inkstand-release*")
    before = files.state(patterns)
    files.keep(tmp_path / "kept.tar", patterns)
    (tree / "door").write_text("closed")
    (tree / "inkstand-release@.service").write_text("of all releases")
    assert files.put_back(tmp_path / "kept.tar", before, patterns) == set()
    assert sorted(path.name for path in tree.iterdir()) == ["door", "inkstand-release@.service"]


def test_a_log_is_for_root_alone(tmp_path: Path) -> None:
    log = tmp_path / "deep" / "er" / "failed.log"
    for text in ("a long text", "short"):
        files.write_log(log, text)
        assert log.read_text() == text
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.parent.stat().st_mode & 0o777 == 0o755
