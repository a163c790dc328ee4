"""What changes the name of an image, and what does not."""

from __future__ import annotations

import hashlib
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture
def named(build_context_hash: Any, context: Path) -> Callable[..., str]:
    """Give a function that names the context as it is now."""

    def name(*extra: str) -> str:
        digest: str = build_context_hash.context_hash(context, *extra)
        return digest

    return name


def test_it_has_twelve_hexadecimal_digits(named: Callable[..., str]) -> None:
    assert len(named()) == 12
    int(named(), 16)


def test_a_copy_elsewhere_has_the_same_hash(
    named: Callable[..., str], build_context_hash: Any, context: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(context, copy)
    assert build_context_hash.context_hash(copy) == named()


def test_contents_count(named: Callable[..., str], context: Path) -> None:
    before = named()
    (context / "src" / "main.py").write_text("print('hallo')\n")
    assert named() != before


def test_names_count(named: Callable[..., str], context: Path) -> None:
    before = named()
    (context / "src" / "main.py").rename(context / "src" / "other.py")
    assert named() != before


def test_two_files_that_swap_their_contents_count(named: Callable[..., str], context: Path) -> None:
    (context / "a").write_text("1")
    (context / "b").write_text("2")
    before = named()
    (context / "a").write_text("2")
    (context / "b").write_text("1")
    assert named() != before


def test_the_executable_bit_counts(named: Callable[..., str], context: Path) -> None:
    before = named()
    (context / "start").chmod(0o644)
    assert named() != before


def test_other_modes_and_times_do_not_count(named: Callable[..., str], context: Path) -> None:
    before = named()
    (context / "start").chmod(0o700)
    os.utime(context / "Dockerfile", (0, 0))
    assert named() == before


def test_the_target_of_a_link_counts(named: Callable[..., str], context: Path) -> None:
    (context / "link").symlink_to("start")
    before = named()
    (context / "link").unlink()
    (context / "link").symlink_to("Dockerfile")
    assert named() != before


@pytest.mark.parametrize(
    "path",
    [
        "src/__pycache__/main.cpython-311.pyc",
        "src/inkstand.egg-info/PKG-INFO",
        ".pytest_cache/v/x",
        ".mypy_cache/x",
        ".coverage",
    ],
)
def test_what_tools_leave_behind_does_not_count(
    named: Callable[..., str], context: Path, path: str
) -> None:
    before = named()
    (context / path).parent.mkdir(parents=True, exist_ok=True)
    (context / path).write_text("left behind")
    assert named() == before


def test_extra_strings_count_in_their_order(named: Callable[..., str]) -> None:
    extras: list[list[str]] = [[], ["a"], ["b"], ["a", "b"], ["b", "a"], ["ab"]]
    assert len({named(*extra) for extra in extras}) == len(extras)


def test_what_dockerignore_names_does_not_count(named: Callable[..., str], context: Path) -> None:
    (context / ".dockerignore").write_text("# no tests in the image\ntests\n**/*.md\n")
    before = named()
    (context / "tests").mkdir()
    (context / "tests" / "test_main.py").write_text("")
    (context / "src" / "README.md").write_text("")
    assert named() == before


def test_what_dockerignore_lets_through_counts(named: Callable[..., str], context: Path) -> None:
    (context / ".dockerignore").write_text("*\n!src\n")
    before = named()
    (context / "notes").write_text("not sent")
    assert named() == before
    (context / "src" / "new.py").write_text("")
    assert named() != before


def test_the_dockerfile_counts_even_when_it_is_ignored(
    named: Callable[..., str], context: Path
) -> None:
    (context / ".dockerignore").write_text("*\n")
    before = named()
    (context / "Dockerfile").write_text("FROM scratch\n")
    assert named() != before


def test_a_pattern_does_not_span_directories_unless_it_says_so(build_context_hash: Any) -> None:
    rules = build_context_hash.rules("*.md\n")
    assert build_context_hash.ignored("README.md", rules)
    assert not build_context_hash.ignored("docs/README.md", rules)


def test_a_directory_that_is_not_there_is_an_error(build_context_hash: Any, tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="missing"):
        build_context_hash.context_hash(tmp_path / "missing")


def test_the_plugin_says_its_name_in_an_error(build_context_hash: Any, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"build_context_hash: .*missing is no directory"):
        build_context_hash.LookupModule().run([str(tmp_path / "missing")])


def test_the_plugin_gives_a_list_of_one(
    build_context_hash: Any, context: Path, named: Callable[..., str]
) -> None:
    assert build_context_hash.LookupModule().run([str(context), "x"]) == [named("x")]


def test_the_files_are_told_with_what_ansible_says_of_those_on_a_host(
    build_context_hash: Any, context: Path
) -> None:
    told = build_context_hash.file_hashes(context)
    assert set(told) == {"Dockerfile", "src/main.py", "start"}
    assert told["start"] == hashlib.sha1(b"#!/bin/sh\n", usedforsecurity=False).hexdigest()
