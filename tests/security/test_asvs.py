"""Each requirement of OWASP ASVS 5.0.0 of levels 1 and 2 has an answer, and its tests are there."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parents[2]
SECURITY = ROOT / "docs" / "security"
REQUIREMENTS = dict(
    line.split() for line in (Path(__file__).parent / "asvs_5_0_0.txt").read_text().splitlines()
)
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (\d) \| (.+?) \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall((SECURITY / "asvs.md").read_text())
DOCUMENTS = sorted(SECURITY.glob("*.md"))
TEST = re.compile(r"`([\w/]+\.py)::((?:\w+::)?\w+)`")
# How an answer begins that no test can give.
REASON = re.compile(r"Does not apply|Not met|Documented in \[|By design: ")
UNFINISHED = re.compile(r"\b(todo|tbd|fixme|xxx|to be (done|written|decided))\b", re.IGNORECASE)


@cache
def names_in(path: str) -> frozenset[str]:
    """Return the names of the tests that pytest finds in a file, if it looks there for tests."""
    file = ROOT / path
    if not file.is_file() or not file.name.startswith("test_"):
        return frozenset()
    module = ast.parse(file.read_text())
    classes = [it for it in module.body if isinstance(it, ast.ClassDef)]
    inner = (f"{each.name}::{name}" for each in classes for name in _tests_of(each))
    return frozenset([*_tests_of(module), *inner])


def _tests_of(where: ast.Module | ast.ClassDef) -> list[str]:
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    names = [it.name for it in where.body if isinstance(it, functions)]
    return [name for name in names if name.startswith("test_")]


def missing(text: str) -> list[str]:
    """Return the tests that a text names and that are not there."""
    return [f"{path}::{name}" for path, name in TEST.findall(text) if name not in names_in(path)]


def test_the_levels_have_so_many_requirements() -> None:
    assert Counter(REQUIREMENTS.values()) == {"1": 70, "2": 183}


def test_each_requirement_is_there_once_with_its_level() -> None:
    assert Counter(id_ for id_, *_ in ROWS) == Counter(REQUIREMENTS.keys())
    assert {id_: level for id_, level, *_ in ROWS} == REQUIREMENTS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda it: it.name)
def test_each_test_that_is_named_is_there(document: Path) -> None:
    text = document.read_text()
    assert missing(text) == []
    # What looks like one and is written otherwise would not be looked for.
    assert text.count(".py::") == len(TEST.findall(text))


def test_one_that_is_not_there_is_found() -> None:
    here = "tests/security/test_asvs.py"
    there = f"`{here}::test_one_that_is_not_there_is_found`"
    gone = [f"{here}::test_gone", "tests/security/test_gone.py::test_it", f"{here}::names_in"]
    assert missing(" ".join([there, *(f"`{it}`" for it in gone)])) == gone


@pytest.mark.parametrize(("id_", "answer"), [(row[0], row[3]) for row in ROWS])
def test_each_requirement_has_tests_or_a_reason(id_: str, answer: str) -> None:
    assert TEST.search(answer) or REASON.match(answer)
    assert len(answer) > 20


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda it: it.name)
def test_nothing_is_left_to_be_written(document: Path) -> None:
    assert UNFINISHED.findall(document.read_text()) == []
