"""What the documents point at is there, and a decision has a number of its own."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
FOLDERS = [
    "docs",
    "roles",
    "images",
    "driver",
    "host",
    "molecule",
    "pi_images",
    "virtual_pi",
    "tools",
]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(it for f in FOLDERS for it in (ROOT / f).rglob("*.md"))])
# [text](target), but neither a picture's address elsewhere nor one within the page.
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
# Such a container is somebody else's now.
FORMER_NAME = re.compile(
    r"docker (?:exec|logs|restart)(?: -\S+(?: \d+)?)* (?:app|pigpiod|traefik)(?![\w-])"
)


def test_no_two_decisions_have_one_number() -> None:
    numbers = Counter(it.name[:4] for it in DECISIONS)
    assert [number for number, times in numbers.items() if times > 1] == []


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda it: it.stem)
def test_a_decision_has_the_number_of_its_file(decision: Path) -> None:
    assert decision.read_text().startswith(f"# {int(decision.name[:4])}. ")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda it: str(it.relative_to(ROOT)))
def test_links_lead_to_files(document: Path) -> None:
    targets = LINK.findall(document.read_text())
    assert [it for it in targets if not (document.parent / it).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda it: str(it.relative_to(ROOT)))
def test_containers_have_their_names_of_today(document: Path) -> None:
    assert FORMER_NAME.findall(document.read_text()) == []
