"""What a hand, an update or the network changed is named, with its fix."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inkstand_host.doctor import containers, hardware, system
from inkstand_host.doctor.commands import examine
from inkstand_host.doctor.finding import finding

pytestmark = pytest.mark.unit

UNITS = "etc/systemd/system"


def on(*networks: str) -> tuple[int, str]:
    ends = {name: {"IPAddress": "172.18.0.2"} for name in networks}
    return 0, json.dumps([{"NetworkSettings": {"Networks": ends}}])


@pytest.mark.parametrize("kind", ["timer", "socket", "path"])
@pytest.mark.parametrize(
    ("enabled", "active", "seen"),
    [
        ("enabled", "active", []),
        ("disabled", "active", ["is disabled and active"]),
        ("enabled", "inactive", ["is enabled and inactive"]),
    ],
)
def test_what_does_not_wait_as_it_should_is_named(
    machine: Any, enabled: str, active: str, seen: list[str], kind: str
) -> None:
    machine.write(f"{UNITS}/inkstand-certificate.{kind}", "")
    machine.write(f"{UNITS}/inkstand-release-guard.timer", "")
    machine.says = {"systemctl is-enabled": (0, enabled), "systemctl is-active": (0, active)}
    found = list(system.waiting_units(machine))
    assert [one["seen"] for one in found] == seen
    fix = f"systemctl enable --now inkstand-certificate.{kind}"
    assert all(one["fix"] == fix for one in found)


@pytest.mark.parametrize(("text", "count"), [("user_allow_other\n", 0), ("#user_allow_other", 1)])
def test_a_driver_that_may_not_mount_for_everybody_is_named(
    machine: Any, text: str, count: int
) -> None:
    machine.write("etc/fuse.conf", text)
    assert len(list(hardware.fuse(machine))) == count


@pytest.mark.parametrize(
    "name", ["app/secrets/token_secret", "traefik/ca/ca.key", "traefik/config/tls/1key.pem"]
)
def test_a_secret_that_everybody_can_read_is_named(machine: Any, name: str) -> None:
    machine.write(f"etc/inkstand/{name}", "x")
    path = machine.root / "etc/inkstand" / name
    path.chmod(0o640)
    assert list(system.secrets(machine)) == []
    path.chmod(0o644)
    (found,) = system.secrets(machine)
    assert found["seen"] == f"everybody can read /etc/inkstand/{name}"
    assert found["fix"] == f"chmod o= /etc/inkstand/{name}"


def test_a_traefik_off_its_network_is_named(machine: Any) -> None:
    machine.says = {
        "docker container inspect inkstand-traefik": on("inkstand-public", "inkstand-edge"),
        "docker container inspect inkstand-app": on("inkstand-edge", "inkstand-bus"),
        "docker container inspect inkstand-pigpiod": on("inkstand-bus"),
    }
    assert list(containers.networks(machine)) == []
    machine.says["docker container inspect inkstand-traefik"] = on("inkstand-public")
    (found,) = containers.networks(machine)
    assert found["seen"] == "inkstand-traefik and inkstand-app are on no common network"


def test_what_the_pi_cannot_resolve_or_reach_is_named(machine: Any) -> None:
    machine.write("etc/apt/sources.list.d/debian.sources", "URIs: http://mirror.example/debian\n")
    machine.write(
        "etc/apt/sources.list", "# deb http://old.example/\ndeb https://other.example/ x\n"
    )
    question = "docker info --format {{.IndexServerAddress}}"
    machine.says = {question: (0, "https://registry.example/v1/")}
    machine.unreachable_hosts = {
        "mirror.example:80": "its name cannot be resolved",
        # Nobody asks there.
        "mirror.example:443": "does not answer",
        "other.example:80": "does not answer",
    }
    found = {one["what"] + " " + one["seen"]: one["level"] for one in system.reach(machine)}
    assert found == {
        "mirror mirror.example: its name cannot be resolved": "warn",
        "mirror other.example answers": "ok",
        "registry registry.example answers": "ok",
    }


@pytest.mark.parametrize(
    ("cloud", "user_data", "count"),
    [
        ("preserve_hostname: false", "hostname: old\n", 1),
        ("preserve_hostname: true", "hostname: old\n", 0),
        ("", "hostname: kitchen\n", 0),
        ("", "#cloud-config\n", 0),
    ],
)
def test_a_host_name_that_comes_back_is_named(
    machine: Any, cloud: str, user_data: str, count: int
) -> None:
    machine.write("etc/hostname", "kitchen\n")
    machine.write("etc/cloud/cloud.cfg", cloud)
    for place in ("boot/firmware/user-data", "var/lib/cloud/instance/user-data.txt"):
        machine.write(place, user_data)
        found = list(system.host_name(machine))
        assert len(found) == count
        assert all("cloud-init makes it old at the next start" in one["seen"] for one in found)
        (machine.root / place).unlink()
    assert list(system.host_name(machine)) == []


@pytest.mark.parametrize(("said", "count"), [("Power save: on", 1), ("Power save: off", 0)])
def test_a_wireless_card_that_sleeps_is_named(machine: Any, said: str, count: int) -> None:
    machine.write("sys/class/net/wlan0/type", "1")
    for status in (0, 1):
        machine.says = {"iw dev wlan0 get power_save": (status, said)}
        assert len(list(system.wireless(machine))) == (0 if status else count)


@pytest.mark.parametrize(
    ("module", "check"),
    [
        (hardware, "fuse"),
        (containers, "networks"),
        *((system, it) for it in ("waiting_units", "secrets", "host_name", "wireless", "reach")),
    ],
)
def test_the_doctor_looks_at_each(
    machine: Any, monkeypatch: pytest.MonkeyPatch, module: Any, check: str
) -> None:
    seen = finding("FAIL", check, "is not as it should be", "repair it")
    monkeypatch.setattr(module, check, lambda _: [seen])
    panel = {"flavour": "epdfuse", "bus": "simulated", "size": "2.7", "film": 231}
    question = {
        "panel": {**panel, "directory": "/run/epd/panel"},
        "line": "simulated",
        "images": {},
        "time_source": "host",
        "now": 1000.0,
        "directories": [],
    }
    assert seen in list(examine(machine, question))
