"""What the guides name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md")


def _named(guide: str) -> set[str]:
    """Return the places that a guide names: links from where it is, others from the root."""
    text, here = (ROOT / guide).read_text(), (ROOT / guide).parent
    links = [str(here / link) for link in re.findall(r"\]\((?!https?:)([^)#]+)", text)]
    places = re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", text)
    return {name for name in (*links, *places) if "<" not in name}


@pytest.mark.parametrize("guide", GUIDES)
def test_each_file_that_a_guide_names_is_there(guide: str) -> None:
    named = _named(guide)
    made = {".virtual-pi/ca.pem", ".virtual-pi-arm64/password", "host_vars/"}
    assert sorted(name for name in named - made if not (ROOT / name).exists()) == []
    assert named


def test_each_command_of_make_that_a_guide_names_is_there() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "".join((ROOT / guide).read_text() for guide in GUIDES)
    assert set(re.findall(r"`make ([\w-]+)", text)) <= targets
