"""What is a list in a role has an order, and the same one at each run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROLES = Path(__file__).resolve().parents[2] / "roles"
# Ansible makes a set of both, whose order is another one in each process.
UNORDERED = re.compile(r"\|\s*union\((?:[^()]|\([^()]*\))*\)(?!\s*\|\s*sort\b)")


@pytest.mark.parametrize(
    ("text", "shuffles"),
    [
        ("{{ a | union(b) | list }}", True),
        ("{{ a | union([b, (c)]) }}", True),
        ("{{ a | union(b) | sort | to_json }}", False),
        ("{{ (a + b) | unique }}", False),
    ],
)
def test_it_is_known_what_shuffles(text: str, shuffles: bool) -> None:
    assert bool(UNORDERED.search(text)) is shuffles


def test_no_role_shuffles_what_it_puts_together() -> None:
    """A container on the same networks in another order was made anew at every other run."""
    files = [file for file in ROLES.rglob("*.yml") if UNORDERED.search(file.read_text())]
    assert files == []
