"""Any text fits any panel, as large as it can."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inkstand.rendering import pango
from inkstand.rendering.fonts import REGULAR
from inkstand.rendering.text import SIZES, clean, fit, fit_pages, largest_size

if TYPE_CHECKING:
    from inkstand.rendering.fonts import Family
    from inkstand.rendering.pango import Line

pytestmark = pytest.mark.unit

PANELS = ((264, 176), (232, 128), (200, 96), (144, 128), (128, 96))
SCRIPTS = "aéi.W-/ \n1(שא\u05b8\u0627\u0644漢あ。한\U0001f600\u0301\u200d\u1208"
LONG = "The quick brown fox, https://example.com/a/b?c=d, Donaudampfschifffahrt 漢字 שלום. "
texts = st.one_of(
    st.text(st.characters(categories=None), max_size=300),
    st.text(st.sampled_from(SCRIPTS), max_size=300),
    st.tuples(st.sampled_from(SCRIPTS), st.integers(1, 600)).map(lambda it: it[0] * it[1]),
)


def is_one_letter(line: Line) -> bool:
    """Return whether nothing of `line` could go onto the next one."""
    text = line.text.strip()
    joined = "\u200d" in text or "\u200c" in text
    return joined or len(text.rstrip("\u0301\u05b8")) <= 1


@given(text=texts, box=st.sampled_from(PANELS))
@settings(deadline=None, max_examples=150)
def test_any_text_stays_within_any_panel(text: str, box: tuple[int, int]) -> None:
    text = clean(text)
    layout = fit(text, box, REGULAR)
    assert [it.text for it in layout.lines if it.width > box[0] and not is_one_letter(it)] == []
    assert layout.height <= box[1]
    if layout.complete:
        shown = "".join(line.text for line in layout.lines)
        assert letters_of(shown) == letters_of(text)
    else:
        assert layout.lines[-1].text.endswith("…")
        assert layout.size == SIZES[0]


def letters_of(text: str) -> str:
    return "".join(it for it in text if it not in " \n\u3000")


@pytest.mark.timeout(60)
@given(text=texts, box=st.tuples(st.integers(-20, 40), st.integers(-20, 40)))
@example(text="", box=(-7, 24))
@settings(deadline=None)
def test_even_a_box_too_small_for_a_letter_does_no_harm(text: str, box: tuple[int, int]) -> None:
    assert fit(clean(text), box, REGULAR).size < max(1, box[1]) + SIZES[0]


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
    assert len(layout.lines) == 3
    assert all(line.text for line in layout.lines[-1:])
    assert len(layout.lines[-1].text) > 1


def test_newlines_are_kept(family: Family) -> None:
    layout = fit("one\n\ntwo", (264, 176), family)
    assert [line.text for line in layout.lines] == ["one", "", "two"]


def test_each_paragraph_has_its_own_direction(family: Family) -> None:
    layout = fit("abc\n\u05d0\u05d1 abc", (264, 176), family)
    assert [line.rtl for line in layout.lines] == [False, True]


def lines_of(text: str, widest: str, family: Family) -> list[str]:
    """Return the lines of `text` where there is just room for `widest`."""
    width = family.line(widest, 14).width
    return [line.text.rstrip() for line in family.lines(text, 14, width, break_words=True)]


def test_lines_end_between_words_and_lose_the_spaces_there(family: Family) -> None:
    lines = lines_of("seven eight nine ten", "seven eight", family)
    assert lines == ["seven eight", "nine ten"]


def test_lines_end_after_hyphens_and_slashes_but_not_before_digits(family: Family) -> None:
    assert lines_of("very well-known", "well-known", family) == ["very well-", "known"]
    assert lines_of("minus -1234", "minus -", family) == ["minus", "-1234"]


def test_chinese_and_japanese_end_a_line_anywhere_but_before_a_full_stop(family: Family) -> None:
    assert lines_of("漢字漢字。漢", "漢字漢", family) == ["漢字漢", "字。漢"]
    assert lines_of("漢字漢。", "漢字漢", family) == ["漢字", "漢。"]


def test_a_no_break_space_does_not_end_a_line(family: Family) -> None:
    assert lines_of("about 100\u00a0km", "about 100", family) == ["about", "100\u00a0km"]


def test_a_line_may_end_at_a_space_without_width(family: Family) -> None:
    lines = lines_of(clean("Donau\u200bdampf\u200bschiff"), "Donaudampf", family)
    assert [line.replace("\u200b", "") for line in lines] == ["Donaudampf", "schiff"]


def test_thai_ends_a_line_between_words(all_fonts: Family) -> None:
    text = "บางทีอาจจะอยู่ในกระเป๋าเสื้อโค้ตตัวเก่าของผม"
    words = ["บาง", "ที", "อาจ", "จะ", "อยู่", "ใน", "กระเป๋า", "เสื้อ", "โค้ต", "ตัว", "เก่า", "ของ", "ผม"]
    assert "".join(words) == text
    ends = {len("".join(words[: count + 1])) for count in range(len(words))}
    for width in range(60, 200, 10):
        at = 0
        for line in all_fonts.lines(text, 14, width, break_words=True):
            at += len(line.text)
            assert at in ends, line.text


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1f8\U0001f1ea"


@pytest.mark.parametrize("unit", [FAMILY, FLAG], ids=["a family", "a flag"])
def test_flags_and_families_are_never_split(unit: str, family: Family) -> None:
    for width in range(10, 150, 7):
        lines = family.lines(unit * 6, 16, width, break_words=True)
        assert {line.text.replace(unit, "") for line in lines} == {""}


def test_a_broken_word_gets_no_hyphen(family: Family) -> None:
    (first, *_) = family.lines("x" * 60, 14, 100, break_words=True)
    assert first.width == family.line(first.text, 14).width


def test_one_line_gets_the_largest_size_that_fits(family: Family) -> None:
    size = largest_size("00:00", 200, 90, family)
    assert family.line("00:00", size).width <= 200
    assert size == 90 or family.line("00:00", size + 1).width > 200
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


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Pango is given."""
    texts: list[str] = []
    original = pango.FontMap._layout

    def count(self: pango.FontMap, text: str, font: pango.Font) -> pango._Layout:
        texts.append(text)
        return original(self, text, font)

    monkeypatch.setattr(pango.FontMap, "_layout", count)
    return texts


@pytest.mark.parametrize("text", FLOODS.values(), ids=FLOODS)
def test_of_100_kb_little_more_is_laid_out_than_can_be_seen(text: str, laid_out: list[str]) -> None:
    """All of it, and a word of that length above all, would take seconds on the smallest Pi."""
    fit(clean(text), (264, 176), REGULAR)
    fit_pages(clean(text), (264, 176), REGULAR, 14, 9)
    assert 0 < sum(map(len, laid_out)) < 20_000
    assert max(map(len, laid_out)) < 2_000
