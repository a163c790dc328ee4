"""Whatever is sent becomes text that can be laid out."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.rendering.text import clean, is_blank

pytestmark = pytest.mark.unit

ANY_TEXT = st.text(st.characters(categories=None))


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Hello", "Hello"),
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("a\tb\u3000c", "a    b  c"),
        ("nul\x00 bell\x07 escape\x1b", "nul bell escape"),
        ("\x1b[31mFAIL\x1b[0m", "FAIL"),
        ("\x1b[1;38;5;196mred\x1b[m \x9b4munder\x9b0m", "red under"),
        ("\x1b]0;title\x07a \x1b]8;;https://x.example\x1b\\link\x1b]8;;\x1b\\", "a link"),
        ("\x1b(Bplain \x1b7save \x1b[?25lhide \x1bPq#0\x1b\\sixel", "plain save hide sixel"),
        ("\x1b]0;a title that nobody ends", "0;a title that nobody ends"),
        ("lone \ud83d surrogate", "lone \ufffd surrogate"),
        ("\n\n  a  \n \n\n\n  b \n", "  a\n\n  b"),
        ("e\u0301", "\u00e9"),
        ("so\u00adft, zero\u200bwidth, \u202eoverride", "soft, zero\u200bwidth, override"),
        ("\u2764\ufe0f\U0001f44d\U0001f3fd", "\u2764\U0001f44d"),
        ("e" + "\u0301\u0327" * 50, "\u0229" + "\u0327" * 3 + "\u0301" * 4),
        ("1\ufe0f\u20e3 0\u20e3 #\ufe0f\u20e3", "\u2460 \u24ea #"),
        ("\u0301a \u0301b\n\u0301", "a b"),
        ("a \u200b\n", "a"),
        (" \t\r\n\x00", ""),
    ],
)
def test_cleaning_leaves_what_can_be_drawn(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\u200b", "\u2060\ufeff", "\u2800", "\u3164 \uffa0", "\x1b[31m", "\u0301"]
)
def test_what_cannot_be_seen_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", "\u200ba", ".", "\u05d0", "\U0001f44d", "\ud83d"])
def test_what_can_be_seen_is_not_blank(text: str) -> None:
    assert not is_blank(text)


@given(ANY_TEXT)
def test_cleaned_text_has_no_controls_and_is_normal(text: str) -> None:
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(unicodedata.category(it) in {"Cc", "Cs"} for it in cleaned if it != "\n")


@given(ANY_TEXT)
def test_cleaned_text_stays_as_it_is(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "unit",
    [
        "\u0301\u0327",
        " ",
        " \u0301",
        "\n",
        " \n",
        "\u200d",
        "\x00",
        "\u1112\u1161",
        "\x1b",
        "\x1b[",
    ],
)
def test_cleaning_a_flood_takes_time_in_proportion_to_its_length(unit: str) -> None:
    """Sorting marks, or a careless pattern, would take 16 times as long for 4 times the length."""

    def took(length: int) -> float:
        flood = "a" + unit * (length // len(unit)) + "b"
        return min(_processor_time(flood) for _ in range(5))

    assert took(100_000) < 10 * took(25_000)


def _processor_time(text: str) -> float:
    before = time.process_time()
    clean(text)
    return time.process_time() - before
