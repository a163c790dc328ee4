"""How the container is made."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from virtual_pi import capabilities, container

if TYPE_CHECKING:
    from pathlib import Path

    from virtual_pi.settings import VirtualPi

pytestmark = pytest.mark.unit

ALLOWED = ("NET_ADMIN", "SYS_ADMIN")


def test_ports_are_published_on_loopback_only(pi: VirtualPi) -> None:
    options = container.run_options(pi, ALLOWED, unified=True)
    published = [options[i + 1] for i, word in enumerate(options) if word == "--publish"]
    assert published == ["127.0.0.1:8443:443", "127.0.0.1:8080:80"]


def test_an_instance_without_ports_publishes_nothing(pi: VirtualPi) -> None:
    quiet = dataclasses.replace(pi, https_port=None, http_port=None)
    assert "--publish" not in container.run_options(quiet, ALLOWED, unified=True)


def test_its_memory_is_limited_when_that_is_asked_for(pi: VirtualPi) -> None:
    assert "--memory" not in container.run_options(pi, ALLOWED, unified=True)
    small = container.run_options(dataclasses.replace(pi, memory="512m"), ALLOWED, unified=True)
    assert small[small.index("--memory") + 1] == "512m"
    assert small[small.index("--memory-swap") + 1] == "512m"


@pytest.mark.parametrize("unified", [True, False])
def test_it_is_never_privileged_and_never_has_the_engines_socket(
    pi: VirtualPi, unified: bool
) -> None:
    options = " ".join(container.run_options(pi, ALLOWED, unified=unified))
    assert "privileged" not in options
    assert "docker.sock" not in options


def test_systemd_is_asked_for_control_groups_v1_only_where_there_are_no_others(
    pi: VirtualPi,
) -> None:
    assert "--env" in container.run_options(pi, ALLOWED, unified=False)
    assert "--env" not in container.run_options(pi, ALLOWED, unified=True)


def test_control_groups_v2_are_recognised(tmp_path: Path) -> None:
    assert not container.unified_cgroups(tmp_path)
    (tmp_path / "cgroup.controllers").touch()
    assert container.unified_cgroups(tmp_path)


def test_only_capabilities_that_the_machine_has_are_asked_for(pi: VirtualPi) -> None:
    options = container.run_options(pi, ALLOWED, unified=True)
    assert [word for word in options if word.startswith("--cap-add")] == [
        "--cap-add=NET_ADMIN",
        "--cap-add=SYS_ADMIN",
    ]


def test_a_missing_capability_is_seen_in_the_bounding_set(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("CapEff:\t0000000000000000\nCapBnd:\t000001fffeffffff\n")
    assert set(capabilities.NAMES) - set(capabilities.available(status)) == {"SYS_RESOURCE"}


def test_a_virtual_pi_cannot_set_the_clock_of_the_machine_it_runs_on(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("CapBnd:\t000001ffffffffff\n")
    assert set(capabilities.available(status)) - set(capabilities.given(status)) == {"SYS_TIME"}


@pytest.mark.parametrize(("number", "name"), [(0, "CHOWN"), (21, "SYS_ADMIN"), (37, "AUDIT_READ")])
def test_capabilities_have_the_kernels_numbers(number: int, name: str) -> None:
    assert capabilities.named(1 << number) == [name]
