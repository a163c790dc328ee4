"""The page in other languages: a table of words each, by the English text, as in gettext."""

from __future__ import annotations

import json
import re
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ENGLISH = "en"
_FOLDER = Path(__file__).parent / "words"
# What nobody translates; a tag; a text with the links and the code within it.
_PIECES = re.compile(
    r"(?P<kept><!--.*?-->|<(?P<tag>\w+)\b[^>]*\stranslate=\"no\"[^>]*>[^<]*</(?P=tag)>"
    r"|<code\b[^>]*>[^<]*</code>)"
    r"|(?P<markup><[^>]*>)"
    r"|(?P<text>[^<]*[^<\s][^<]*(?:<(?P<inline>a|code)\b[^>]*>[^<]*</(?P=inline)>[^<]*)*)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r'(?<=\s)(aria-label|title|placeholder|alt)="([^"]+)"')
_HAS_WORDS = re.compile(r"[^\W\d_]")
_PLACEHOLDER = re.compile(r"{{\w+}}")
_STRING = r'"((?:[^"\\]|\\.)*)"'
_SAID = re.compile(rf"\b(?:t\({_STRING}|plural\([^\"]*?,\s*{_STRING},\s*{_STRING})")


def codes() -> list[str]:
    """Return the languages that have words, which are all but English."""
    return sorted(path.stem for path in _FOLDER.glob("*.json"))


def table(code: str) -> dict[str, str]:
    """Return the words of a language by the English text."""
    words: dict[str, str] = json.loads((_FOLDER / f"{code}.json").read_text(encoding="utf-8"))
    return words


def translate(page: str, code: str, words: Mapping[str, str]) -> str:
    """Return an HTML page in the language `code`; a text that is not in `words` stays."""
    page = page.replace(f'<html lang="{ENGLISH}">', f'<html lang="{code}">')
    return _PIECES.sub(partial(_piece, words), page)


def texts_of(page: str) -> set[str]:
    """Return what is to be translated of an HTML page."""
    asked = _Asked()
    translate(page, ENGLISH, asked)
    return asked.texts


def texts_said(script: str) -> set[str]:
    """Return what a script gives to t() and plural()."""
    return {
        json.loads(f'"{text}"')
        for found in _SAID.finditer(script)
        for text in found.groups()
        if text is not None
    }


def as_script(words: Mapping[str, str], said: Iterable[str]) -> str:
    """Return a module with the words for what is `said` by scripts."""
    chosen = {text: words[text] for text in sorted(said) if text in words}
    return f"export default {json.dumps(chosen, ensure_ascii=False)};\n"


def wanted(accept: str) -> list[str]:
    """Return the codes that an Accept-Language header names, the most wanted first."""
    ranges = [part.partition(";q=") for part in accept.lower().replace(" ", "").split(",")]
    rated = [(_quality(quality), name.partition("-")[0]) for name, _, quality in ranges]
    # Of equal ones the first counts: the order of a sort is kept.
    rated.sort(key=itemgetter(0), reverse=True)
    return [code for quality, code in rated if quality > 0]


class _Asked(dict[str, str]):
    """A table that notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = set[str]()

    def get(self, english: str, default: str) -> str:  # type: ignore[override]
        self.texts.add(english)
        return default


def _piece(words: Mapping[str, str], found: re.Match[str]) -> str:
    if kept := found["kept"]:
        return kept
    if markup := found["markup"]:
        return _ATTRIBUTE.sub(lambda it: f'{it[1]}="{_word(words, it[2])}"', markup)
    return _word(words, found["text"])


def _word(words: Mapping[str, str], text: str) -> str:
    """Return `text` in other words, with the white space around it."""
    english = " ".join(text.split())
    if not _HAS_WORDS.search(_PLACEHOLDER.sub("", english)):
        return text
    before, after = text.split(text.strip())
    return f"{before}{words.get(english, english)}{after}"


def _quality(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
