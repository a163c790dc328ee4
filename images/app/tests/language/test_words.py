"""Each text of the glass is in each language, and none that is not on the glass."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import inkstand
from inkstand.button.base import OK
from inkstand.language import CODES
from inkstand.language.translated import words
from inkstand.packs import templates
from inkstand.packs.chosen import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

SOURCE = Path(inkstand.__file__).parent
TRANSLATED = CODES[1:]
# What is said of a part, and the weather: which of them it is comes out when it runs.
BY_VALUE = {OK, "Unknown", *(text for _, _, text in templates._WEATHER)}
_IN_A_PACK = re.compile(r"'([^']*)' \| translated")
_PART = re.compile(r"{\w*}")


def said(source: str) -> Iterator[str]:
    """Yield the texts that a module asks a language for; `say` is short for its text()."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name("say"), args=[ast.Constant(str(text)), *_]):
                yield text
            case ast.Call(
                func=ast.Attribute(value=asked, attr="text" | "translated"),
                args=[ast.Constant(str(text)), *_],
            ) if ast.unparse(asked).endswith("language"):
                yield text


def of_the_glass() -> set[str]:
    modules = {text for path in SOURCE.rglob("*.py") for text in said(path.read_text())}
    packs = {text for path in shipped().values() for text in _IN_A_PACK.findall(path.read_text())}
    assert modules
    assert packs
    return modules | packs | BY_VALUE


def test_each_language_has_a_file() -> None:
    assert {path.stem for path in SOURCE.glob("language/*.toml")} == set(TRANSLATED)


@pytest.mark.parametrize("code", TRANSLATED)
def test_each_text_of_the_glass_is_translated_and_no_other(code: str) -> None:
    assert set(words(code)) == of_the_glass()


@pytest.mark.parametrize("code", TRANSLATED)
def test_what_is_put_into_a_text_is_put_into_its_translation(code: str) -> None:
    for english, translation in words(code).items():
        assert translation.strip()
        assert set(_PART.findall(translation)) == set(_PART.findall(english)), english


def test_texts_are_found_where_they_are_said() -> None:
    source = (
        "say('a'); self._language.text('b', n=1); language.translated('c'); part.text('d')\n"
        "language.text(e); lambda language: language.text('f')"
    )
    assert set(said(source)) == {"a", "b", "c", "f"}
