"""What only a machine can show: its kernel, its GPIO chip, its SSH server; and the page."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tools.common.commands import run
from virtual_pi.machine import ssh
from virtual_pi.machine.settings import ADDRESS, BUTTON_GPIO, CHIP_LABEL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from virtual_pi.machine.settings import Machine

pytestmark = pytest.mark.e2e

CONTAINERS = ["inkstand-app", "inkstand-pigpiod", "inkstand-traefik"]


def test_curl_gets_the_page_with_the_certificate_of_the_own_authority(
    machine: Machine, ca: Path
) -> None:
    page = run(
        [
            "curl",
            "-sS",
            "--fail",
            "--cacert",
            os.fspath(ca),
            "-H",
            "Accept: text/html",
            machine.url,
        ],
        env={**os.environ, "no_proxy": "*"},
    )
    assert "<title>Inkstand</title>" in page


def test_curl_refuses_it_without(machine: Machine) -> None:
    done = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", machine.url], check=False, capture_output=True, text=True
    )
    assert done.returncode == 60
    assert "certificate" in done.stderr


def test_the_password_opens_nothing_any_more(machine: Machine) -> None:
    argv = ["ssh", *ssh.options(machine), "-p", f"{machine.ssh_port}", f"pi@{ADDRESS}", "true"]
    no_key = ["-o", "PubkeyAuthentication=no", "-o", "BatchMode=yes"]
    done = subprocess.run(
        [*argv[:1], *no_key, *argv[1:]], check=False, capture_output=True, text=True
    )
    assert done.returncode == 255
    assert "Permission denied (publickey)" in done.stderr


def test_it_is_arm64_with_a_kernel_of_its_own_and_control_groups_v2(
    pi: Callable[[str], str],
) -> None:
    assert pi("uname -m") == "aarch64\n"
    assert pi("uname -r").rstrip().endswith("-arm64")
    assert pi("stat --file-system --format=%T /sys/fs/cgroup") == "cgroup2fs\n"


def test_no_unit_has_failed(pi: Callable[[str], str]) -> None:
    assert pi("systemctl --failed --no-legend --plain") == ""
    assert pi("systemctl is-system-running") == "running\n"


@pytest.mark.usefixtures("owner")
def test_all_containers_are_healthy(pi: Callable[[str], str], wait_for: Callable[..., Any]) -> None:
    def states() -> list[list[str]]:
        lines = pi("sudo docker ps --format '{{.Names}} {{.Status}}'").splitlines()
        return sorted(line.split(maxsplit=1) for line in lines)

    wait_for(
        "all healthy",
        lambda: (
            [name for name, _ in states()] == CONTAINERS
            and all(state.endswith("(healthy)") for _, state in states())
        ),
        seconds=240,
    )


def test_the_bridge_has_the_one_gpio_chip_and_no_other_right(pi: Callable[[str], str]) -> None:
    (found,) = json.loads(pi("sudo docker inspect inkstand-pigpiod"))
    devices = [device["PathOnHost"] for device in found["HostConfig"]["Devices"]]
    assert len(devices) == 1
    assert found["Config"]["User"] == "10002:10002"
    status = pi(f"cat /proc/{found['State']['Pid']}/status")
    assert f"CapEff:\t{'0' * 16}" in status
    assert "NoNewPrivs:\t1" in status


def test_of_the_chip_only_the_buttons_line_is_taken(pi: Callable[[str], str]) -> None:
    chip = "import gpiod, glob; chip = gpiod.Chip(*glob.glob('/dev/gpiochip*'))"
    lines = "[i for i in range(chip.get_info().num_lines) if chip.get_line_info(i).used]"
    script = f"{chip}; print(chip.get_info().label, {lines})"
    assert (
        pi(f'sudo docker exec inkstand-pigpiod python3 -c "{script}"')
        == f"{CHIP_LABEL} [{BUTTON_GPIO}]\n"
    )


def test_the_boot_configuration_is_as_it_was(pi: Callable[[str], str]) -> None:
    """The panel is simulated, so nothing has to be turned on."""
    assert "Inkstand" not in pi("cat /boot/firmware/config.txt")
