"""What the tests of the virtual Pi share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Run from the root of the repository, as its users do; pytest is not always started there.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from virtual_pi.credentials import Credentials
from virtual_pi.settings import VirtualPi


@pytest.fixture
def pi(tmp_path: Path) -> VirtualPi:
    """A virtual Pi with a state directory of its own."""
    return VirtualPi(name="pi", state=tmp_path / "state")


@pytest.fixture
def credentials() -> Credentials:
    """Made-up credentials."""
    return Credentials("owner", "a password", "$argon2id$v=19$made-up", "s" * 64)
