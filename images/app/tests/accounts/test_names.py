"""What people may be called."""

from __future__ import annotations

import pytest

from inkstand.accounts.names import clean, folded, is_obvious

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "name",
    ["Anna", "O'Brien", "Åsa-Märta", "李雷", "अनीता", "עדי", "7up", "anna.lind@home", "x" * 40],
)
def test_people_of_all_languages_have_names(name: str) -> None:
    assert clean(name) == name


def test_a_name_is_kept_in_one_form() -> None:
    assert clean(" A\u030asa \u00a0 Lind ") == "Åsa Lind"
    assert clean("\uff21nna") == "Anna"


@pytest.mark.parametrize(
    "name",
    ["", " ", "x" * 41, "\ufdfa" * 40, "/", "a/b", "a\\b", "a#b", "a%b", "a?b", "..", "@a", "a\0"],
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="has to have 1 to 40 letters"):
        clean(name)


@pytest.mark.parametrize(
    "unseen", ["\u200b", "\u200d", "\u202e", "\ufeff", "\u034f", "\u3164", "\ufe0f", "\U000e0100"]
)
def test_nothing_that_cannot_be_seen_makes_another_name(unseen: str) -> None:
    with pytest.raises(ValueError, match="has to have"):
        clean(f"ow{unseen}ner")


def test_names_are_compared_without_case_and_form() -> None:
    assert folded("STRASSE") == folded("straße") == folded("ﬆrasse")
    assert folded("Anna") != folded("Anne")


@pytest.mark.parametrize(
    ("password", "name"),
    [
        ("inkstand2026!", "Anna"),
        ("InkStandInkStand", "Anna"),
        ("anna.lindqvist.1", "Anna Lindqvist"),
        ("owner-inkstand-1", "Anna"),
        ("ÅSAÅSAÅSAÅSA", "åsa"),
        ("legomac legomac", "Anna"),
        ("inkstand        ", "Anna"),
        ("inkstand of glas", "Anna"),
    ],
)
def test_a_password_of_names_is_obvious(password: str, name: str) -> None:
    assert is_obvious(password, name, "Our LegoMac")


@pytest.mark.parametrize(
    ("password", "name"),
    [
        ("correct horse battery staple", "Anna"),
        ("anna rides a horse", "Anna"),
        ("inkstand of glass", "Anna"),
        ("aaaaaaaaaaaa", "a"),
        ("\ud800" * 12, "Anna"),
    ],
)
def test_a_password_with_more_in_it_is_not(password: str, name: str) -> None:
    assert not is_obvious(password, name, "Our LegoMac")
