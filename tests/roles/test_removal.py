"""Before anything of a Pi is removed, somebody has to say that they mean it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tools.common.paths import ROOT
from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration

MEANT = "remove_inkstand=true"


@pytest.fixture
def remove(tmp_path: Path) -> Callable[..., str]:
    """Give a function that removes Inkstand from a Pi that is switched off: all that is said."""
    # A port at which nobody listens.
    pi = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_connection": "ssh"}
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(json.dumps({"all": {"hosts": {"pi": pi}}}))

    def run(*options: str) -> str:
        given = ("-i", str(inventory), *options)
        done = testing.play(ROOT / "remove.yml", *given, ANSIBLE_STRATEGY="linear")
        assert done.status != 0
        return done.output

    return run


def test_the_pi_is_not_asked_unless_that_is_meant(remove: Callable[..., str]) -> None:
    """Nor with an option that leaves out what is no play on the Pis."""
    said = remove("--limit", "pi")
    assert MEANT in said
    assert "UNREACHABLE" not in said


def test_who_means_it_is_not_asked(remove: Callable[..., str]) -> None:
    assert "UNREACHABLE" in remove("--limit", "pi", "-e", MEANT)
