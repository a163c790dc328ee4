"""`remove.yml` leaves what was there before, and says what else stays. The last tests here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tools.common.paths import ROOT
from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e

# Where nothing of ours may be left. Packages of Debian stay, and what the engine keeps for others.
PLACES = "/etc/docker /etc/inkstand* /etc/systemd/system /etc/tmpfiles.d /usr/local /var/lib /run"


@pytest.fixture(scope="module")
def remove(state: Path) -> Callable[..., testing.Run]:
    """Give a function that removes Inkstand."""
    said = ("-i", str(state / "inventory"), "-e", "remove_inkstand=true")
    return partial(testing.play, ROOT / "remove.yml", *said)


@pytest.fixture(scope="module", autouse=True)
def removal(remove: Callable[..., testing.Run], pi: Any) -> testing.Run:
    """Remove it, with what an older Inkstand left and a unit that failed; leave the engine."""
    pi.check_output("docker network create inkstand_bus && docker network create inkstand_edge")
    assert pi.run("systemctl start inkstand-release@never").rc != 0
    return remove()


def test_the_engine_stays_and_that_is_said(removal: testing.Run, pi: Any) -> None:
    assert removal.status == 0, removal.output
    assert "The Docker engine stays: it may run more than Inkstand." in removal.words
    assert pi.service("docker").is_running


def test_nothing_of_ours_is_left(pi: Any) -> None:
    named = "-path '*inkstand*' -o -path '*epd*' -o -path '/etc/docker/*'"
    # Whose the engine is.
    left = pi.check_output(
        rf"find {PLACES} -xdev \( {named} \) -not -path '/run/user/*' 2>/dev/null || :"
    )
    assert left.split() == ["/var/lib/inkstand-docker", "/var/lib/inkstand-docker/packages.json"]
    # The other is of the virtual Pi itself.
    assert pi.check_output("find /usr/local -type f -not -name virtual-pi-init") == ""


def test_no_container_network_unit_or_user_of_ours_is_left(pi: Any) -> None:
    assert pi.check_output("docker ps --all --quiet") == ""
    networks = pi.check_output("docker network ls --format '{{.Name}}'").split()
    assert sorted(networks) == ["bridge", "host", "none"]
    assert pi.check_output("systemctl list-units --all --no-legend 'inkstand*' 'epd*'") == ""
    assert pi.check_output("systemctl --failed --no-legend --plain") == ""
    assert not pi.user("epdfuse").exists


def test_a_second_removal_changes_nothing(remove: Callable[..., testing.Run]) -> None:
    assert remove().changed == 0


def test_the_engine_that_we_installed_goes_when_that_is_said(
    remove: Callable[..., testing.Run], pi: Any
) -> None:
    run = remove("-e", "remove_docker=true")
    assert run.status == 0, run.output
    assert not pi.package("docker.io").is_installed
    assert pi.file("/var/lib/docker").is_directory
    assert "/var/lib/docker stays" in run.words
    assert not pi.file("/var/lib/inkstand-docker").exists
    again = remove("-e", "remove_docker=true")
    assert (again.status, again.changed) == (0, 0), again.output
