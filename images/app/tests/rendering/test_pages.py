"""Text that is too long for one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkstand.rendering.fonts import REGULAR
from inkstand.rendering.text import clean, fit_pages, fit_whole

if TYPE_CHECKING:
    from inkstand.rendering.fonts import Family

pytestmark = pytest.mark.unit
BOX = (120, 60)
TEXTS = st.text(st.sampled_from("aéi.W-/ \n1(שא漢あ"), max_size=800)


@given(text=TEXTS, size=st.sampled_from([10, 14, 40, 100]))
@settings(deadline=None, max_examples=60)
def test_pages_hold_all_words_in_order_and_stay_in_the_box(text: str, size: int) -> None:
    text = clean(text)
    pages = fit_pages(text, BOX, REGULAR, size, 10_000)
    assert all(page.height <= BOX[1] or len(page.lines) == 1 for page in pages)
    assert all(page.complete for page in pages)
    drawn = "".join(line.text for page in pages for line in page.lines)
    assert "".join(drawn.split()) == "".join(text.split())


def test_what_the_last_page_cannot_hold_is_cut_with_an_ellipsis(family: Family) -> None:
    pages = fit_pages("one two three four five " * 20, BOX, family, 14, 3)
    assert len(pages) == 3
    assert pages[-1].lines[-1].text.endswith("…")
    assert not pages[-1].complete


def test_no_page_begins_with_an_empty_line(family: Family) -> None:
    two_rows = (40, 2 * family.line_height(14))
    pages = fit_pages("\n\n".join("abc"), two_rows, family, 14, 99)
    assert [[line.text for line in page.lines] for page in pages] == [["a", ""], ["b", ""], ["c"]]


def test_an_empty_text_is_one_page(family: Family) -> None:
    (page,) = fit_pages("", BOX, family, 14, 9)
    assert (page.lines, page.complete) == ((), True)


def test_what_does_not_fit_whole_is_not_cut(family: Family) -> None:
    assert fit_whole("word " * 200, BOX, family, (14, 16)) is None
    assert fit_whole("word", BOX, family, (14, 16)) is not None
