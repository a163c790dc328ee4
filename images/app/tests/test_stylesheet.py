"""The stylesheet of the page: it knows a beginning and an end of a line, not a left and a right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import inkstand.web

pytestmark = pytest.mark.unit
ASSETS = Path(inkstand.web.__file__).parent / "assets"
# Of what is named by sides or corners; `env(safe-area-inset-left)` is about the device.
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right|top|bottom)"
    r"|border-(?:top|bottom)-(?:left|right)-radius|left|right|top|bottom)(?:-\w+)*\s*:"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right)\b"
)
# Four values in a row are those of top, right, bottom and left, or of the corners in this order.
FOUR = re.compile(r"(?<![\w-])(margin|padding|inset|border-width|border-radius)\s*:([^;{}]*)")


def is_uneven(name: str, values: list[str]) -> bool:
    """Tell whether left and right differ."""
    if len(values) != 4:
        return False
    first, second, third, fourth = values
    return first != second or third != fourth if name == "border-radius" else second != fourth


def sides(text: str) -> list[str]:
    """Return the values of a shorthand."""
    return re.findall(r"(?:[\w.%-]+\([^()]*(?:\([^()]*\)[^()]*)*\)|[^\s()]+)", text)


@pytest.mark.parametrize("sheet", sorted(ASSETS.glob("*.css")), ids=lambda path: path.name)
def test_a_stylesheet_names_no_side(sheet: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    assert PHYSICAL.findall(text) == []
    assert [each for each in FOUR.findall(text) if is_uneven(each[0], sides(each[1]))] == []


@pytest.mark.parametrize(
    "rule",
    ["margin-left: 1px", "{left:0}", "border-top-left-radius: 1px", "text-align: right", "top: 0;"],
)
def test_a_side_would_be_found(rule: str) -> None:
    assert PHYSICAL.search(rule)


def test_four_values_are_found_in_a_shorthand() -> None:
    assert is_uneven("padding", sides("0 max(1rem, env(x)) 4rem 1px"))
    assert is_uneven("border-radius", sides("1px 0 0 1px"))
    assert not is_uneven("border-radius", sides("1px 1px 0 0"))
