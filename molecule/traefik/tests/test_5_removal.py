"""What was there before Inkstand is there after it. The last tests of this virtual Pi."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tools.common.paths import ROOT
from virtual_pi import testing

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", autouse=True)
def removal(state: Path) -> testing.Run:
    """Remove Inkstand, and the engine if it were Inkstand's."""
    words = ("-e", "remove_inkstand=true", "-e", "remove_docker=true")
    return testing.play(ROOT / "remove.yml", "-i", str(state / "inventory"), *words)


def test_an_engine_that_was_there_before_stays_and_that_is_said(
    removal: testing.Run, pi: Any
) -> None:
    assert removal.status == 0, removal.output
    assert "The Docker engine stays: it was there before Inkstand." in removal.words
    assert pi.package("docker-ce").is_installed
    assert pi.check_output("docker ps --all --format '{{.Names}}'") == "keepsake"


def test_its_settings_are_what_they_were(pi: Any) -> None:
    assert pi.run("cmp /etc/docker/daemon.json /srv/engine/daemon.json").rc == 0
    assert pi.file("/etc/docker").listdir() == ["daemon.json"]
