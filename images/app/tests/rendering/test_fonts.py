"""Which font draws what, and what happens when none can."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from inkstand.rendering import fonts
from inkstand.rendering.coverage import Coverage
from inkstand.rendering.fonts import Face, Family, find_family

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def face(characters: str) -> Face:
    codes = tuple(sorted(ord(it) for it in characters))
    return Face(None, Coverage(codes, codes))


LATIN, CJK, SYMBOLS = face("aeo\u0301 "), face("漢あ a"), face("☕\U0001f469\U0001f680")
FAMILY = Family((LATIN, CJK, SYMBOLS))


def test_each_character_is_drawn_by_the_first_face_that_has_it() -> None:
    assert FAMILY.split("aé漢☕".replace("é", "e\u0301")) == [
        (LATIN, "ae\u0301"),
        (CJK, "漢"),
        (SYMBOLS, "☕"),
    ]


def test_neighbours_with_one_face_are_drawn_together() -> None:
    assert FAMILY.split("漢あ漢") == [(CJK, "漢あ漢")]


def test_joined_characters_are_not_torn_apart() -> None:
    joined = "\U0001f469\u200d\U0001f680"
    assert FAMILY.split(joined) == [(SYMBOLS, joined)]


def test_a_letter_loses_its_accent_before_it_becomes_a_box() -> None:
    assert FAMILY.split("\u00f6") == [(LATIN, "o")]


def test_what_no_font_has_becomes_one_box() -> None:
    assert FAMILY.split("\u1208\u0301a") == [(LATIN, "\u25a1a")]


@pytest.fixture(autouse=True)
def nothing_reported_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_reported", set())


def test_an_unknown_character_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        Family((LATIN,)).split("\u1230")
    assert [record.getMessage() for record in caplog.records] == [
        "no font has U+1230 (ETHIOPIC SYLLABLE SA); something else is drawn for it"
    ]


def test_nobody_can_fill_the_log_with_unknown_characters(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Family((LATIN,)).split("".join(map(chr, range(0xE000, 0xF000))))
    assert len(caplog.records) == 200


def test_with_no_font_file_the_one_inside_pillow_is_used_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    family = find_family([tmp_path / "missing.ttf"])
    assert family.split("Hello…")[0][1] == "Hello…"
    assert family.faces[0].at(20).getlength("Hello") > 20
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_damaged_font_file_is_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "damaged.ttf").write_bytes(b"\0" * 100)
    (tmp_path / "empty.ttf").write_bytes(b"")
    family = find_family([tmp_path / "damaged.ttf", tmp_path / "empty.ttf"])
    assert family.faces[0].path is None
    assert "damaged.ttf" in caplog.text
    assert "empty.ttf" in caplog.text


def test_the_families_of_this_machine_are_looked_for_once() -> None:
    assert fonts.regular() is fonts.regular()
    assert fonts.bold() is fonts.bold()
