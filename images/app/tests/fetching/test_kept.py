"""Answers on the disk: they come back whole or not at all, and there is an end to them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from images.app.tests.fetching.servers import MORNING, SECRET
from inkstand.errors import StorageError
from inkstand.fetching.fetcher import Fetched
from inkstand.fetching.kept import KeptAnswers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration
KEY = f"weather https://weather.example/?key={SECRET}"
ANSWER = Fetched(b"\x00\xff\n\n{}", '"1"', "yesterday", MORNING)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "packs"


@pytest.fixture
def kept(folder: Path) -> KeptAnswers:
    return KeptAnswers(folder)


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        Fetched(b"", None, None, MORNING),
        Fetched(b"", "a", None, MORNING, timedelta(minutes=15)),
        Fetched(b"x", "ü", None, datetime(2026, 7, 1, 12, 0, 0, 123_456, UTC)),
        Fetched(b"x" * 1_000_000, None, "z", datetime(2026, 7, 1, tzinfo=ZoneInfo("Asia/Tokyo"))),
    ],
)
def test_what_is_kept_comes_back_after_a_restart(folder: Path, answer: Fetched) -> None:
    KeptAnswers(folder).put(KEY, answer)
    found = KeptAnswers(folder).get(KEY)
    assert found == answer
    assert found.fetched_at.utcoffset() == answer.fetched_at.utcoffset()


def test_the_last_one_is_kept(kept: KeptAnswers, folder: Path) -> None:
    kept.put(KEY, ANSWER)
    kept.put(KEY, Fetched(b"two", None, None, MORNING))
    kept.put("other", ANSWER)
    assert kept.get(KEY) == Fetched(b"two", None, None, MORNING)
    assert len(list(folder.iterdir())) == 2


def test_nothing_is_there_before(kept: KeptAnswers, folder: Path) -> None:
    assert kept.get(KEY) is None
    kept.prune([])
    assert not folder.exists()


def test_others_can_read_nothing_and_see_no_key(kept: KeptAnswers, folder: Path) -> None:
    kept.put(KEY, ANSWER)
    path = only_file(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
    assert SECRET not in path.name
    assert SECRET.encode() not in path.read_bytes()


def cut(data: bytes) -> bytes:
    return data[:-1]


def flip(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def flip_head(data: bytes) -> bytes:
    return data.replace(b"yesterday", b"yesterdax")


@pytest.mark.parametrize(
    "damage",
    [cut, flip, flip_head, lambda data: data + b"x", lambda _: b"", lambda _: b"\n\n\n"],
)
def test_what_is_damaged_is_not_there(
    kept: KeptAnswers, folder: Path, damage: Callable[[bytes], bytes]
) -> None:
    kept.put(KEY, ANSWER)
    path = only_file(folder)
    path.write_bytes(damage(path.read_bytes()))
    assert kept.get(KEY) is None
    kept.put(KEY, ANSWER)
    assert kept.get(KEY) == ANSWER


@pytest.mark.parametrize("where", ["file", "folder"])
def test_what_cannot_be_read_is_not_there(kept: KeptAnswers, folder: Path, where: str) -> None:
    kept.put(KEY, ANSWER)
    path = only_file(folder)
    path.unlink()
    if where == "file":
        path.mkdir()
    else:
        folder.rmdir()
        folder.write_text("not a folder")
    assert kept.get(KEY) is None
    with pytest.raises(StorageError, match="cannot keep answers in "):
        kept.put(KEY, ANSWER)


def test_what_was_kept_before_is_kept_when_the_next_cannot_be_written(
    small_disk: Path,
) -> None:
    kept = KeptAnswers(small_disk / "packs")
    kept.put(KEY, ANSWER)
    with pytest.raises(StorageError, match="No space left on device"):
        kept.put(KEY, Fetched(bytes(5_000_000), None, None, MORNING))
    assert kept.get(KEY) == ANSWER
    assert len(list((small_disk / "packs").iterdir())) == 1


def put_at(kept: KeptAnswers, folder: Path, key: str, minute: int, size: int = 1000) -> None:
    """Keep an answer that was written in that minute."""
    before = set(folder.iterdir()) if folder.exists() else set()
    kept.put(key, Fetched(bytes(size), None, None, MORNING + timedelta(minutes=minute)))
    for path in set(folder.iterdir()) - before:
        os.utime(path, (minute * 60, minute * 60))


def test_the_oldest_go_when_there_are_too_many_bytes(folder: Path) -> None:
    kept = KeptAnswers(folder, max_bytes=4000)
    for minute, key in enumerate(("b", "a", "c")):
        put_at(kept, folder, key, minute)
    put_at(kept, folder, "d", 4)
    assert [key for key in "abcd" if kept.get(key)] == ["a", "c", "d"]
    put_at(kept, folder, "e", 5, size=2500)
    assert [key for key in "abcde" if kept.get(key)] == ["d", "e"]
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 4000


def test_a_new_answer_takes_the_place_of_its_old_one_and_of_no_other(folder: Path) -> None:
    kept = KeptAnswers(folder, max_bytes=4000)
    for minute, key in enumerate(("a", "b", "c")):
        put_at(kept, folder, key, minute)
    put_at(kept, folder, "c", 4)
    assert [key for key in "abc" if kept.get(key)] == ["a", "b", "c"]


def test_what_is_too_large_alone_is_not_kept_and_costs_no_other(folder: Path) -> None:
    kept = KeptAnswers(folder, max_bytes=4000)
    put_at(kept, folder, "a", 0)
    put_at(kept, folder, "b", 1)
    kept.put("b", Fetched(bytes(4000), None, None, MORNING))
    assert kept.get("a")
    assert kept.get("b") is None


def test_what_nobody_asks_for_any_more_is_removed(kept: KeptAnswers, folder: Path) -> None:
    for key in ("a", "b", "c"):
        kept.put(key, ANSWER)
    (folder / "0123.new").write_bytes(b"cut off")
    kept.prune(["b", "never kept"])
    assert [key for key in "abc" if kept.get(key)] == ["b"]
    assert len(list(folder.iterdir())) == 1
