"""Scopes."""

from __future__ import annotations

import pytest

from inkstand.accounts.model import Scope

pytestmark = pytest.mark.unit


def test_a_larger_scope_includes_the_smaller_ones() -> None:
    assert Scope.METRICS < Scope.READ < Scope.POST < Scope.ADMIN


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_is_found_by_its_word(scope: Scope) -> None:
    assert Scope.of(scope.word) is scope


@pytest.mark.parametrize("word", ["", "READ", "Admin", "1", "root", "of"])
def test_another_word_is_no_scope(word: str) -> None:
    with pytest.raises(ValueError, match="read, post, admin"):
        Scope.of(word)
