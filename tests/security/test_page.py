"""What the page's files must not hold, and how they ask for a password."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ASSETS = Path(__file__).resolve().parents[2] / "images/app/src/inkstand/web/assets"
SCRIPTS = sorted(ASSETS.glob("*.js"))
PAGES = sorted(ASSETS.glob("*.html"))
MAKES_CODE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment"
    r"|srcdoc|\beval\(|new Function|set(?:Timeout|Interval)\(\s*[\"'`]|javascript:"
    r"|postMessage|(?:^|\s|window\.|self\.)addEventListener\(\s*[\"']message[\"']|\.onmessage"
)
# object[name] = value, where the name is no text in quotes and no number.
NAMED_FROM_OUTSIDE = re.compile(r"\w\[(?![\"'\d])[^\]]+\]\s*=(?![=>])|__proto__")
KEPT = re.compile(r"(localStorage|sessionStorage|indexedDB|document\.cookie|caches)\b(.*)")


def found(pattern: re.Pattern[str]) -> list[str]:
    """Return the lines of scripts in which a pattern is found, without comments."""
    return [
        f"{script.name}: {line.strip()}"
        for script in SCRIPTS
        for line in script.read_text().splitlines()
        if pattern.search(line.partition(" // ")[0])
    ]


def test_scripts_make_neither_code_nor_html_of_a_text() -> None:
    assert len(SCRIPTS) > 10
    assert found(MAKES_CODE) == []


def test_no_object_of_a_script_takes_names_from_outside() -> None:
    assert found(NAMED_FROM_OUTSIDE) == []


def test_the_browser_keeps_a_draft_and_nothing_else() -> None:
    """A draft and whose it is, until the tab is closed."""
    kept = {match for script in SCRIPTS for match in KEPT.findall(script.read_text())}
    assert {where for where, _ in kept} == {"sessionStorage"}
    assert {re.findall(r"[A-Z]{2,}", what)[0] for _, what in kept} == {"DRAFT", "AUTHOR"}


@pytest.mark.parametrize(
    "line",
    ["a.innerHTML = b", "eval(a)", "setTimeout('a', 1)", "window.addEventListener('message'"],
)
def test_what_makes_code_would_be_found(line: str) -> None:
    assert MAKES_CODE.search(line)


@pytest.mark.parametrize("line", ["a[b] = c", "a[b.c]=d", "a.__proto__"])
def test_a_name_from_outside_would_be_found(line: str) -> None:
    assert NAMED_FROM_OUTSIDE.search(line)
    assert not NAMED_FROM_OUTSIDE.search("const [a] = b; a[0] = c; a['d'] = e; a[b] === c")


class Inputs(HTMLParser):
    """The fields of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "input":
            self.found.append(dict(attrs))


def test_passwords_are_hidden_and_can_be_pasted_whole() -> None:
    inputs = [each for page in PAGES for each in Inputs(page).found]
    passwords = [it for it in inputs if "password" in (it.get("autocomplete") or "")]
    assert len(passwords) == 4
    for each in passwords:
        assert each["type"] == "password"
        assert each["autocomplete"] in ("current-password", "new-password")
        # Nothing is cut off, and no kind of letter is demanded.
        assert not {"maxlength", "pattern", "onpaste"} & each.keys()
    assert [it for it in inputs if it.get("type") == "password" and it not in passwords] == []
