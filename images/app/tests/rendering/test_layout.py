"""Any text fits any panel, as large as it can."""

from __future__ import annotations

import functools
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkstand.rendering.fonts import Face, Family, find_family, regular
from inkstand.rendering.layout import SIZES, Layout, Line, Ruler, fit, largest_size, wrap
from inkstand.rendering.text import clean, clusters

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

PANELS = ((264, 176), (232, 128), (200, 96), (144, 128), (128, 96))
SCRIPTS = "aéi.W-/ \n1(שא\u05b8\u0627\u0644漢あ。한\U0001f600\u0301\u200d\u1208"
LONG = "The quick brown fox, https://example.com/a/b?c=d, Donaudampfschifffahrt 漢字 שלום. "
texts = st.one_of(
    st.text(st.characters(categories=None), max_size=300),
    st.text(st.sampled_from(SCRIPTS), max_size=300),
    st.tuples(st.sampled_from(SCRIPTS), st.integers(1, 600)).map(lambda it: it[0] * it[1]),
)


@functools.cache
def built_in_font() -> Family:
    return find_family([])


def broad_lines(layout: Layout, width: float, family: Family) -> list[str]:
    """Return the lines that are wider than `width` though they could be broken further."""
    ruler = Ruler(family, layout.size)
    lines = (line.text for line in layout.lines)
    return [line for line in lines if ruler.width(line) > width and len(clusters(line)) > 1]


@pytest.mark.parametrize("source", [regular, built_in_font], ids=["machine", "built-in"])
@given(text=texts, box=st.sampled_from(PANELS))
@settings(deadline=None, max_examples=150)
def test_any_text_stays_within_any_panel(
    source: Callable[[], Family], text: str, box: tuple[int, int]
) -> None:
    family, text = source(), clean(text)
    layout = fit(text, box, family)
    assert broad_lines(layout, box[0], family) == []
    assert Ruler(family, layout.size).pitch * len(layout.lines) <= box[1]
    if layout.complete:
        shown = "".join(line.text for line in layout.lines)
        assert letters_of(shown) == letters_of(text)
    else:
        assert layout.lines[-1].text.endswith("…")
        assert layout.size == SIZES[0]


def letters_of(text: str) -> str:
    return "".join(it for it in text if it not in " \n\u3000")


@given(text=texts, box=st.tuples(st.integers(1, 40), st.integers(1, 40)))
@settings(deadline=None)
def test_even_a_box_too_small_for_a_letter_does_no_harm(text: str, box: tuple[int, int]) -> None:
    assert fit(clean(text), box, regular()).lines


def test_a_shorter_text_is_larger(family: Family) -> None:
    sizes = [fit(LONG[:length], (264, 176), family).size for length in (2, 12, 40, 80)]
    assert all(longer < shorter for shorter, longer in pairwise(sizes))


def test_words_stay_whole_when_a_smaller_size_allows_it(family: Family) -> None:
    layout = fit("An extraordinarily long word", (128, 96), family)
    assert "extraordinarily" in [word for line in layout.lines for word in line.text.split()]


def test_a_word_wider_than_the_panel_is_broken_and_stays_readable(family: Family) -> None:
    layout = fit("x" * 60, (128, 96), family)
    assert layout.complete
    assert "".join(line.text for line in layout.lines) == "x" * 60
    assert layout.size >= 12


def test_the_lines_of_a_broken_word_are_all_full(family: Family) -> None:
    layout = fit("x" * 300, (264, 176), family)
    assert len({len(line.text) for line in layout.lines[:-1]}) == 1


def test_a_long_message_is_cut_at_the_end_only(family: Family) -> None:
    layout = fit(clean(LONG * 100), (128, 96), family)
    shown = " ".join(line.text for line in layout.lines)
    assert not layout.complete
    assert shown.startswith("The quick brown")
    assert shown.endswith("…")


def test_the_ellipsis_does_not_stand_on_an_empty_line(family: Family) -> None:
    layout = fit("\n\n".join("abcdefgh"), (264, 60), family, sizes=(12,))
    assert all(line.text for line in layout.lines[-1:])
    assert len(layout.lines[-1].text) > 1


def test_newlines_are_kept(family: Family) -> None:
    layout = fit("one\n\ntwo", (264, 176), family)
    assert [line.text for line in layout.lines] == ["one", "", "two"]


def test_each_paragraph_has_its_own_direction(dejavu: Family) -> None:
    layout = fit("abc\n\u05d0\u05d1 abc", (264, 176), dejavu)
    assert [line.rtl for line in layout.lines] == [False, True]


def lines_of(text: str, width: float, family: Family) -> list[str]:
    ruler = Ruler(family, 12)
    return [line.text for line in wrap(Line(text, False), width, ruler, break_words=True)]


def test_lines_end_between_words_and_lose_the_spaces_there(family: Family) -> None:
    width = Ruler(family, 12).width("seven eight")
    assert lines_of("seven eight   nine ten", width, family) == ["seven eight", "nine ten"]


def test_lines_end_after_hyphens_and_slashes_but_not_before_digits(family: Family) -> None:
    width = Ruler(family, 12).width("well-known")
    assert lines_of("very well-known", width, family) == ["very well-", "known"]
    assert lines_of("minus -1234", Ruler(family, 12).width("minus -"), family) == ["minus", "-1234"]


def test_chinese_and_japanese_end_a_line_anywhere_but_before_a_full_stop(family: Family) -> None:
    width = Ruler(family, 12).width("漢字漢")
    assert lines_of("漢字漢字。漢", width, family) == ["漢字漢", "字。漢"]
    assert lines_of("漢字漢。", width, family) == ["漢字", "漢。"]


def test_a_no_break_space_does_not_end_a_line(family: Family) -> None:
    width = Ruler(family, 12).width("about 100")
    assert lines_of("about 100\u00a0km", width, family) == ["about", "100\u00a0km"]


def test_one_line_gets_the_largest_size_that_fits(family: Family) -> None:
    size = largest_size("00:00", 200, 90, family)
    assert Ruler(family, size).width("00:00") <= 200
    assert size == 90 or Ruler(family, size + 1).width("00:00") > 200
    assert largest_size("W" * 500, 10, 20, family) == 1


FLOODS = {
    "words": LONG * 1200,
    "one word": "x" * 100_000,
    "spaces": "a" + " " * 100_000 + "b",
    "lines": "a\n" * 50_000,
    "hyphens": "a-" * 50_000,
    "emoji": "\U0001f600" * 100_000,
    "hebrew": "\u05d0\u05d1 " * 33_000,
    "joined": "\u6f22\u200d" * 50_000,
    "joiners": "a" + "\u200d" * 100_000,
    "unknown": "\u1208" * 100_000,
}


class Counting(Family):
    """A family that keeps each text that it was asked to measure."""

    def __init__(self, family: Family) -> None:
        super().__init__(family.faces)
        self.family = family
        self.measured: list[str] = []

    def split(self, text: str) -> list[tuple[Face, str]]:
        self.measured.append(text)
        return self.family.split(text)


@pytest.mark.parametrize("text", FLOODS.values(), ids=FLOODS)
def test_of_100_kb_little_more_is_measured_than_can_be_seen(text: str) -> None:
    """What is measured letter by letter takes seconds; all sizes together need less than 8,000."""
    family = Counting(regular())
    fit(clean(text), (264, 176), family)
    assert 0 < sum(map(len, family.measured)) < 10_000


def test_each_word_is_measured_once(dejavu: Family) -> None:
    family = Counting(dejavu)
    fit("again and " * 200, (264, 176), family)
    assert len(family.measured) < 20 * len(SIZES)
