"""What the Pi announces of itself by mDNS, and what it says of Avahi's settings."""

from __future__ import annotations

import shlex
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtual_pi import testing

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = {"traefik_host": "mac.example.com", "traefik_letsencrypt_email": "you@example.com"}
HTTPS, INKSTAND = "_https._tcp", "_inkstand._tcp"
# As they are in /sys/class/net of a Pi with Inkstand.
INTERFACES = (
    *("br-0123456789ab", "br-lan", "docker0", "docker_gwbridge", "eth0", "inkstand-out", "lo"),
    *("veth1a2b3c4", "wlan0"),
)
FACTS = {
    "ansible_facts": {"hostname": "Kitchen"},
    "ansible_managed": "Managed by Ansible",
    "inventory_hostname": "pi",
    "ansible_collection_name": "",
}


def rendered(template: str, *, role: str = "traefik", **settings: Any) -> str:
    """Return what a template of a role says with settings."""
    folder = ROOT / "roles" / role
    known: dict[str, Any] = {"role_path": str(folder), **FACTS}
    for part in ("defaults", "vars"):
        known |= DataLoader().load_from_file(
            str(folder / part / "main.yml"), trusted_as_template=True
        )
    text = (folder / "templates" / template).read_text()
    return str(Templar(variables={**known, **settings}).template(trust_as_template(text)))


def announced(**settings: Any) -> dict[str, dict[str, str]]:
    """Return the text of each type that is announced; each is at port 443."""
    group = ET.fromstring(rendered("avahi.service.j2", traefik_mdns=True, **settings))
    assert [service.findtext("port") for service in group.iter("service")] == ["443"] * (
        len(group) - 1
    )
    return {
        service.findtext("type") or "": dict(
            (record.text or "").split("=", 1) for record in service.iter("txt-record")
        )
        for service in group.iter("service")
    }


@pytest.mark.unit
@pytest.mark.parametrize("host", ["kitchen.local", "mac.home.arpa", "192.0.2.7"])
def test_with_an_authority_of_its_own_the_pis_name_is_announced(host: str) -> None:
    """Whatever people type otherwise, and whichever port of a router leads to it."""
    text = {"name": "kitchen.local", "path": "/", "api": "1", "ca": "http://kitchen.local/ca.pem"}
    told = announced(traefik_host=host, traefik_https_public_port=8443)
    assert told == {INKSTAND: text, HTTPS: text}


@pytest.mark.unit
@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (PUBLIC, "mac.example.com"),
        ({**PUBLIC, "traefik_https_public_port": 8443}, "mac.example.com:8443"),
        ({"traefik_tls": "provided", "traefik_host": "2001:db8::7"}, "[2001:db8::7]"),
    ],
)
def test_a_certificate_that_is_not_for_the_pis_name_has_its_own_told(
    settings: dict[str, Any], name: str
) -> None:
    """And no browser is led to where it would warn."""
    assert announced(**settings) == {INKSTAND: {"name": name, "path": "/", "api": "1"}}


@pytest.mark.unit
def test_one_of_the_owners_may_be_for_the_pis_name() -> None:
    text = {"name": "kitchen.local", "path": "/", "api": "1"}
    told = announced(traefik_tls="provided", traefik_host="kitchen.local")
    assert told == {INKSTAND: text, HTTPS: text}


@pytest.mark.unit
def test_avahi_keeps_off_the_networks_of_containers(tmp_path: Path) -> None:
    """What the owner wrote stays, and wins: of two lines Avahi takes the last."""
    theirs = tmp_path / "avahi-daemon.conf"
    theirs.write_text("# [server]\n[server]\nallow-interfaces=eth7\n[publish]\n")
    ours = tmp_path / "ours.conf"
    found = {"files": [{"path": f"/sys/class/net/{name}"} for name in INTERFACES]}
    unit = rendered(
        "avahi.conf.j2", __traefik_interfaces=found, __traefik_mdns_settings=str(ours)
    ).replace("/etc/avahi/avahi-daemon.conf", str(theirs))
    before = next(line for line in unit.splitlines() if line.startswith("ExecStartPre="))
    subprocess.run(shlex.split(before.partition("=")[2]), check=True)
    assert ours.read_text() == (
        "# [server]\n[server]\nallow-interfaces=br-lan,eth0,wlan0\n"
        "allow-interfaces=eth7\n[publish]\n"
    )
    assert unit.splitlines()[-1] == f"ExecStart=/usr/sbin/avahi-daemon -s -f {ours}"


@pytest.mark.unit
@pytest.mark.parametrize(("on", "families"), [(True, ["ip", "ip6"]), (False, [])])
def test_the_firewall_lets_in_who_asks_from_the_local_network(
    on: bool, families: list[str]
) -> None:
    """Not who asks the Pi's address, which may be from anywhere."""
    said = rendered(
        "firewall.nft.j2",
        role="hardening",
        hardening_firewall_mdns=on,
        hardening_firewall_udp_ports=[],
        __hardening_tcp=[22],
    )
    lines = [line.split() for line in said.splitlines() if "5353" in line]
    assert [line[0] for line in lines] == families
    assert {line[2] for line in lines} <= {"224.0.0.251", "ff02::fb"}
    assert "udp dport { 68, 546 } accept" in said


HERE = f"{socket.gethostname().partition('.')[0].lower()}.local"


@pytest.fixture
def refused(play_here: Callable[..., testing.Run]) -> Callable[..., testing.Run]:
    """Give a function that has settings checked, on a machine with a name."""

    def run(**settings: object) -> testing.Run:
        facts = {"name": "Look", "ansible.builtin.setup": {"gather_subset": ["min"]}}
        check = {
            "name": "Check",
            "ansible.builtin.import_role": {"name": "traefik", "tasks_from": "preflight"},
        }
        return play_here([facts, check], **settings)

    return run


@pytest.mark.integration
@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"traefik_host": "other.local", "traefik_mdns": True},
            f"but localhost announces the name that it has itself, {HERE}, so nobody would find",
        ),
        (
            {
                "traefik_host": "mac.example.com",
                "traefik_mdns": True,
                "__traefik_mdns_name": "my_pi.local",
            },
            "which cannot be announced. Give it a name of letters, digits and dashes",
        ),
    ],
)
def test_what_nobody_would_find_is_refused(
    refused: Callable[..., testing.Run], settings: dict[str, object], sentence: str
) -> None:
    run = refused(**settings)
    assert run.status != 0
    assert sentence in run.words


@pytest.mark.integration
@pytest.mark.parametrize(
    "settings",
    [
        {"traefik_host": HERE, "traefik_mdns": True},
        {"traefik_host": "mac.home.arpa", "traefik_mdns": True},
        {"traefik_host": "other.local"},
    ],
)
def test_what_can_be_found_is_let_through(
    refused: Callable[..., testing.Run], settings: dict[str, object]
) -> None:
    run = refused(**settings)
    assert run.status == 0, run.output


BUSCTL = """#!/bin/sh
case "$*" in
  *GetState) echo '{"type":"i","data":[2]}';;
  *GetHostNameFqdn) echo '{"type":"s","data":["NAME"]}';;
esac
"""


@pytest.mark.integration
@pytest.mark.parametrize(("given", "is_told"), [("pi.local", False), ("pi-2.local", True)])
def test_a_run_says_when_the_pi_could_not_have_its_name(
    play_here: Callable[..., testing.Run], tmp_path: Path, given: str, is_told: bool
) -> None:
    """Avahi takes another one when a device of the network has it."""
    busctl = tmp_path / "busctl"
    busctl.write_text(BUSCTL.replace("NAME", given))
    busctl.chmod(0o755)
    role = {"name": "traefik", "tasks_from": "verify_mdns"}
    task = {"name": "Verify", "ansible.builtin.import_role": role}
    run = play_here([task], __traefik_mdns_name="pi.local")
    assert run.status == 0, run.output
    # The last of three tasks tells it.
    assert ("skipped=0" in run.output) is is_told, run.output
