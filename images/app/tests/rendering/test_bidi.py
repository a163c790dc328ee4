"""Right-to-left text, and both directions in one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.rendering.bidi import embedding_levels, is_rtl, visual_runs

pytestmark = pytest.mark.unit

# In the tests of the standard capitals stand for Hebrew letters; so they do here.
HEBREW = {chr(ord("A") + index): chr(0x5D0 + index) for index in range(26)}
ARABIC_LETTER = "\u0627"
MIXED = st.text(
    st.sampled_from(list("ab 12.,+-%()\u05d0\u05d1\u0627\u0628\u0661\u0301\u05b8\u200f"))
)


def hebrew(text: str) -> str:
    return "".join(HEBREW.get(letter, letter) for letter in text)


def seen(line: str, *, rtl: bool) -> str:
    runs = visual_runs(line, rtl=rtl)
    return "".join(run.text[::-1] if run.rtl else run.text for run in runs)


@pytest.mark.parametrize(
    ("line", "rtl", "visual"),
    [
        ("plain text", False, "plain text"),
        ("car is THE CAR in Hebrew", False, "car is RAC EHT in Hebrew"),
        ("CAR is car", True, "is car RAC"),
        ("ABC 123 DEF", True, "FED 123 CBA"),
        ("ABC 12:30, DEF", True, "FED ,12:30 CBA"),
        ("ABC -5%", True, "5%- CBA"),
        ("abc 50% DEF", False, "abc 50% FED"),
        ("ABC!", True, "!CBA"),
        ("abc DEF!", False, "abc FED!"),
        ("ABC def 12 GHI", True, "IHG def 12 CBA"),
        ("ABC  ", True, "  CBA"),
        ("", True, ""),
    ],
)
def test_the_eye_meets_letters_in_this_order(line: str, rtl: bool, visual: str) -> None:
    assert seen(hebrew(line), rtl=rtl) == hebrew(visual)


def test_digits_after_an_arabic_letter_are_a_number_of_their_own() -> None:
    assert embedding_levels(f"{ARABIC_LETTER}12", rtl=True) == [1, 2, 2]
    assert embedding_levels("a12", rtl=True) == [2, 2, 2]


def test_a_mark_goes_where_its_letter_goes() -> None:
    assert embedding_levels("a\u05d0\u05b8", rtl=False) == [0, 1, 1]


@pytest.mark.parametrize(
    ("paragraph", "rtl"),
    [("abc", False), (hebrew("ABC"), True), (hebrew("12 (ABC) d"), True), (hebrew("a ABC"), False)],
)
def test_the_first_letter_decides_the_direction_of_a_paragraph(paragraph: str, rtl: bool) -> None:
    assert is_rtl(paragraph) is rtl


def test_digits_alone_are_left_to_right() -> None:
    assert not is_rtl("123")
    assert not is_rtl("")


@given(MIXED, st.booleans())
def test_reordering_loses_and_invents_nothing(line: str, rtl: bool) -> None:
    runs = visual_runs(line, rtl=rtl)
    assert sorted("".join(run.text for run in runs)) == sorted(line)
    assert all(run.text in line for run in runs)
