"""The Pi announces itself, by its own address and by none of Docker's; and no longer."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509

from tools.common.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.e2e

# What a virtual Pi is called.
NAME = "raspberrypi.local"
# The same question as that of  avahi-resolve -4 -n NAME .
RESOLVE = (
    "busctl --json=short call -- org.freedesktop.Avahi / org.freedesktop.Avahi.Server"
    f" ResolveHostName iisiu -1 0 {NAME} 0 0"
)
UNIT = "systemctl show --property ExecStart avahi-daemon.service"
FILES = (
    "/etc/avahi/services/inkstand.service"
    " /etc/systemd/system/avahi-daemon.service.d"
    " /run/inkstand-avahi.conf"
    " /var/lib/inkstand-mdns"
)


def resolved(pi: Any) -> str:
    """Return the IPv4 address to which the name leads on the Pi itself."""
    return str(json.loads(pi.check_output(RESOLVE))["data"][4])


def addresses_of_containers(pi: Any) -> set[str]:
    told = json.loads(pi.check_output("ip -json address"))
    return {
        each["local"]
        for interface in told
        if interface["ifname"].startswith(("docker", "br-", "veth"))
        for each in interface["addr_info"]
    }


@pytest.fixture(scope="module")
def found(site: Any) -> Callable[[], dict[str, Any]]:
    """Give a function that has the client look from outside, and gives what it finds first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((site.address, 9))
        here = way.getsockname()[0]
    command = [sys.executable, "-m", "inkstand", "discover", "--json", "--timeout", "60"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "images" / "app" / "src")}

    def look() -> dict[str, Any]:
        with subprocess.Popen(
            [*command, "--interface", here], env=environment, stdout=subprocess.PIPE, text=True
        ) as client:
            assert client.stdout is not None
            line = client.stdout.readline()
            client.kill()
        answer: dict[str, Any] = json.loads(line)
        return answer

    return look


@pytest.fixture(scope="module", autouse=True)
def announced(apply: Callable[..., Any], pi: Any) -> Iterator[None]:
    """Announce it, on a Pi that had no Avahi."""
    assert pi.run("dpkg-query --show avahi-daemon").rc != 0
    assert apply("--check", mdns=True).changed > 0
    apply(mdns=True)
    yield
    apply()
    pi.run("apt-get purge --yes avahi-daemon")


def test_the_name_leads_to_the_pi_and_to_no_container(site: Any, pi: Any) -> None:
    """Without what the role adds it leads to one of the second, here as on a Pi."""
    assert resolved(pi) == site.address
    pi.check_output("systemctl stop avahi-daemon.socket avahi-daemon.service")
    pi.check_output("systemctl start avahi-daemon.service")
    assert resolved(pi) == site.address


def test_it_is_found_from_outside(found: Callable[[], dict[str, Any]], site: Any, pi: Any) -> None:
    told = found()
    addresses = set(told.pop("addresses"))
    assert told == {
        "name": "Inkstand on raspberrypi",
        "url": f"https://{NAME}",
        "ca": f"http://{NAME}/ca.pem",
    }
    assert site.address in addresses
    containers = addresses_of_containers(pi)
    assert containers
    assert addresses & containers == set()


def test_it_answers_to_that_name_with_a_certificate_for_it(
    site: Any, pi: Any, wait_for: Callable[..., Any]
) -> None:
    def names() -> list[str]:
        extension = site.certificate(NAME).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
        return list(extension.value.get_values_for_type(x509.DNSName))

    wait_for("the name in the certificate", lambda: NAME in names())
    assert site.ask("GET", "/", name=NAME).status == site.ask("GET", "/").status
    authority = pi.file("/etc/inkstand/traefik/ca.pem").content
    assert site.ask_plainly("/ca.pem", name=NAME).body.strip() == authority.strip()


def test_the_second_run_changes_nothing(apply: Callable[..., Any]) -> None:
    assert apply(mdns=True).changed == 0


def test_a_run_says_when_another_device_has_the_name(pi: Any, apply: Callable[..., Any]) -> None:
    """Avahi itself gives the Pi another one then."""
    pi.check_output(
        "busctl call org.freedesktop.Avahi / org.freedesktop.Avahi.Server"
        " SetHostName s raspberrypi-2"
    )
    run = apply(mdns=True)
    assert f"which device of your network is called {NAME} as well" in run.words
    assert "is announced as raspberrypi-2.local" in run.words
    pi.check_output("systemctl restart avahi-daemon.service")


def test_switched_off_it_goes_with_what_was_installed_for_it(
    pi: Any, apply: Callable[..., Any]
) -> None:
    apply()
    assert pi.run(f"ls -d {FILES}").stdout == ""
    assert pi.run("dpkg-query --show avahi-daemon").rc != 0
    assert apply().changed == 0


def test_an_avahi_that_was_there_stays_with_the_settings_of_its_owner(
    pi: Any, apply: Callable[..., Any]
) -> None:
    pi.check_output("DEBIAN_FRONTEND=noninteractive apt-get install --yes avahi-daemon")
    before = pi.file("/etc/avahi/avahi-daemon.conf").content
    apply(mdns=True)
    assert "/run/inkstand-avahi.conf" in pi.check_output(UNIT)
    assert pi.file("/etc/avahi/avahi-daemon.conf").content == before
    apply()
    assert pi.run(f"ls -d {FILES}").stdout == ""
    assert pi.service("avahi-daemon").is_running
    assert "inkstand" not in pi.check_output(UNIT)
