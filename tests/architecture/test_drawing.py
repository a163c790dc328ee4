"""The drawing of docs/architecture.md has the arrows that the app's imports have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.imports import circles, imports, modules

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "architecture.md"
SOURCE = ROOT / "images/app/src"
# Boxes whose arrows nobody draws: one may import everything, and everything the other.
IMPORTS_ALL, IMPORTED_BY_ALL = "start", "base"

Arrow = tuple[str, str]
_BOX = re.compile(r'^ *(\w+)\["[^"<]*<br/>([^"]*)"\]$', re.MULTILINE)
_ARROWS = re.compile(r"^ *(\w+) (-->|-\.->) (\w+(?: & \w+)*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes by what is in them, and arrows: those of imports that run, and all."""

    boxes: dict[str, str]
    running: set[Arrow]
    arrows: set[Arrow]


def drawn(text: str) -> Drawing:
    (drawing,) = re.findall(r"^```mermaid\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found = [
        (kind, (start, end))
        for start, kind, ends in _ARROWS.findall(drawing)
        for end in ends.split(" & ")
    ]
    assert len(found) == len(set(found))
    return Drawing(
        {name: box for box, names in _BOX.findall(drawing) for name in names.split()},
        {arrow for kind, arrow in found if kind == "-->"},
        {arrow for _, arrow in found},
    )


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    return drawn(DOCUMENT.read_text())


def imported(boxes: dict[str, str], *, for_types: bool) -> set[Arrow]:
    """Return the arrows between boxes that the source has."""
    files = modules(SOURCE, SOURCE)
    pairs = {
        (boxes[each.importer.split(".")[1]], boxes[each.imported.split(".")[1]])
        for each in imports(files)
        if each.imported in files and (for_types or not each.for_types)
        # The package itself, which is its version.
        if "." in each.imported
    }
    return {(start, end) for start, end in pairs if start != end}


def without_the_obvious(arrows: set[Arrow]) -> set[Arrow]:
    return {arrow for arrow in arrows if arrow[0] != IMPORTS_ALL and arrow[1] != IMPORTED_BY_ALL}


def test_each_package_is_in_a_box(drawing: Drawing) -> None:
    there = {module.split(".")[1] for module in modules(SOURCE, SOURCE) if "." in module}
    assert set(drawing.boxes) == there


def test_the_arrows_are_those_of_the_imports(drawing: Drawing) -> None:
    for for_types, arrows in ((False, drawing.running), (True, drawing.arrows)):
        assert arrows == without_the_obvious(imported(drawing.boxes, for_types=for_types))


def test_what_is_not_drawn_is_as_the_text_says(drawing: Drawing) -> None:
    found = imported(drawing.boxes, for_types=True)
    assert [arrow for arrow in found if arrow[1] == IMPORTS_ALL] == []
    assert [arrow for arrow in found if arrow[0] == IMPORTED_BY_ALL] == []


def test_no_circle_is_drawn_of_what_runs(drawing: Drawing) -> None:
    assert circles(drawing.running) == []


def test_a_drawing_is_read() -> None:
    read = drawn(
        '```mermaid\nflowchart TD\n  a["A<br/>one two"]\n  b["B<br/>b"]\n'
        "  a --> b & c\n  b -.-> a\n```\n"
    )
    assert read.boxes == {"one": "a", "two": "a", "b": "b"}
    assert read.running == {("a", "b"), ("a", "c")}
    assert read.arrows - read.running == {("b", "a")}
