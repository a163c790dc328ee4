"""Each text of the page is in each language, and none that is not on the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import inkstand.web
from inkstand.language import CODES
from inkstand.web import pages, translation

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

ASSETS = Path(inkstand.web.__file__).parent / "assets"
PAGES = sorted(ASSETS.glob("*.html"))
SCRIPTS = sorted(ASSETS.glob("*.js"))
TABLES = {code: translation.table(code) for code in translation.codes()}
TRANSLATED = CODES[1:]
# What is put in, and the tags within a sentence.
_PART = re.compile(r"{\w+}|<[^>]*>")
_STRING = r'"(?:[^"\\\n]|\\.)*"'
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
_LITERAL = re.compile(rf"({_STRING})|`((?:[^`\\]|\\.)*)`")
# Names of classes, and selectors.
_OF_THE_DOCUMENT = re.compile(
    rf"\b(?:class: |querySelector(?:All)?\()(?:{_STRING}|`[^`]*`)|\bfrom {_STRING}"
)
_INSERTED = re.compile(r"\${[^{}]*(?:{[^{}]*}[^{}]*)*}")
# Two words, or one that begins like a sentence.
_SENTENCE = re.compile(r"[^\W\d_]{2,}[,.]? [^\W\d_]{2,}|^\s*[A-Z][a-z]+\b|[^\W\d_]{2}[.!…]$")
_A_COMMAND = re.compile("curl |--json ")
# What looks like a sentence and is none: names, what is read by machines and what nobody sees.
NOT_SAID = {
    "Content-Type", "Last-Event-ID", "Retry-After", "Inkstand-Page", "Inkstand-Pages",
    "Inkstand-Hint", "Idempotency-Key", "Mac OS X", "Edge", "Opera", "Firefox", "Chrome", "Safari",
    "Android", "Windows", "Linux", "Inkstand", "Enter", "Files", "(kept secret)",
    "--cacert ca.pem", "lines problem",
}  # fmt: skip


def of_the_page() -> set[str]:
    shown = {text for path in PAGES for text in translation.texts_of(path.read_text())}
    said = {text for path in SCRIPTS for text in translation.texts_said(path.read_text())}
    assert shown
    assert said
    return shown | said


def escaped(script: str) -> Iterator[str]:
    """Yield what looks like a sentence, in a script, and is not given to t() or plural()."""
    code = _COMMENT.sub("", script)
    code = re.sub(rf"\bt\({_STRING}", "t(", code)
    code = re.sub(rf'\bplural\([^"]*?{_STRING},\s*{_STRING}', "plural(", code)
    code = _OF_THE_DOCUMENT.sub("", code)
    for quoted, template in _LITERAL.findall(code):
        text = quoted[1:-1] if quoted else _INSERTED.sub("", template)
        if _SENTENCE.search(text) and text.strip() not in NOT_SAID and not _A_COMMAND.match(text):
            yield text


class Seen(HTMLParser):
    """Collects what a reader gets of a page: all texts, and attributes that are read aloud."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.texts: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.texts += data.split()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("aria-label", "title", "placeholder", "alt", "aria-description"):
                self.texts += (value or "").split()


def body(assets: pages.Assets, name: str, *codes: str) -> bytes:
    found = assets.find(name, codes)
    assert found is not None
    return found.body


def test_each_language_has_a_table() -> None:
    assert set(TABLES) == set(TRANSLATED)


@pytest.mark.parametrize("code", TRANSLATED)
def test_each_text_of_the_page_is_translated_and_no_other(code: str) -> None:
    assert set(TABLES[code]) == of_the_page()


@pytest.mark.parametrize("code", TRANSLATED)
def test_what_is_put_into_a_text_is_put_into_its_translation(code: str) -> None:
    for english, translated in TABLES[code].items():
        assert translated.strip()
        assert sorted(_PART.findall(translated)) == sorted(_PART.findall(english)), english


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_translation_ends_the_attribute_that_it_stands_in(code: str) -> None:
    assert [text for text in TABLES[code].values() if '"' in re.sub(r"<[^>]*>", "", text)] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_nothing_past_the_tables(path: Path) -> None:
    assert list(escaped(path.read_text())) == []


def test_a_sentence_that_is_past_the_tables_is_found() -> None:
    script = (
        'a.textContent = "Deleted."; b(t("Fine."), `So are ${n} of them`); c("x-y", `${t}: ${u}`)'
    )
    assert list(escaped(script)) == ["Deleted.", "So are  of them"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_nothing_that_is_read_on_a_page_escapes_translation(path: Path) -> None:
    page = path.read_text()
    marked = translation.translate(page, "de", dict.fromkeys(translation.texts_of(page), "¿"))
    rest = re.sub(
        r"<(\w+)[^>]*translate=\"no\"[^>]*>[^<]*</\1>|<code\b[^>]*>[^<]*</code>", "", marked
    )
    left = Seen(rest).texts
    assert [text for text in left if re.search(r"[^\W\d_]", re.sub(r"{{\w+}}", "", text))] == []


def test_texts_are_found_with_the_links_and_the_code_within_them() -> None:
    page = (
        '<p title="a">First <a href="/">b</a>, then\n  <code>c</code>.</p> <a>d</a><code>e</code>'
        '<!-- f --><b translate="no">g</b><i>1 · {{title}}</i><img alt="h">'
    )
    whole = 'First <a href="/">b</a>, then <code>c</code>.'
    assert translation.texts_of(page) == {"a", whole, "d", "h"}


def test_what_a_script_says_is_found() -> None:
    script = 't("a"); plural(f(n), "b",\n "c \\" d"); at(x, "e"); t(f)'
    assert translation.texts_said(script) == {"a", "b", 'c " d'}


def test_a_page_is_in_the_language_that_its_root_names() -> None:
    page = '<html lang="en"><p>\n  Hello\n</p>'
    assert translation.translate(page, "sv", {"Hello": "Hej"}) == '<html lang="sv"><p>\n  Hej\n</p>'


def test_scripts_get_the_words_that_they_say_alone() -> None:
    script = translation.as_script({"a": "ä", "b": "c"}, {"a", "d"})
    assert script == 'export default {"a": "ä"};\n'


@pytest.mark.parametrize(
    ("header", "codes"),
    [
        ("de-CH, de;q=0.9, en;q=0.8", ["de", "de", "en"]),
        ("en;q=0.1,fr", ["fr", "en"]),
        ("sv; q=0.2, es;q=0", ["sv"]),
        ("*;q=nonsense", []),
        ("", [""]),
    ],
)
def test_the_most_wanted_language_is_first(header: str, codes: list[str]) -> None:
    assert translation.wanted(header) == codes


def test_each_page_is_there_in_each_language() -> None:
    assets = pages.Assets({"title": "Kitchen"})
    for code in TRANSLATED:
        for path in PAGES:
            assert f'<html lang="{code}">'.encode() in body(assets, path.name, code)
        assert b"export default {" in body(assets, "words.js", code)


def test_no_words_are_read_until_somebody_asks_for_a_language() -> None:
    read: list[str] = []

    def words(code: str) -> dict[str, str]:
        read.append(code)
        return TABLES[code]

    assets = pages.Assets({"title": "Kitchen"}, words)
    for code in ("en", "nl", "../de"):
        assert b'<html lang="en">' in body(assets, "index.html", code)
    assert read == []
    for _ in range(2):
        assert b'<html lang="de">' in body(assets, "index.html", "nl", "de", "fr")
        assert b'<html lang="de">' in body(assets, "people.html", "de")
    assert read == ["de"]
