"""What can be reached from outside, ports that Docker publishes included."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from virtual_pi import container

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e

# sshd, the forgotten service and the container's port.
OPEN_BEFORE = [22, 9998, 9999]


@pytest.mark.usefixtures("published", "no_firewall")
def test_without_the_firewall_mistakes_are_open(outside: Any) -> None:
    assert outside.open_ports("22", "9990-9999") == OPEN_BEFORE


@pytest.mark.usefixtures("published")
def test_of_all_ports_only_those_of_ssh_and_the_web_can_be_reached(outside: Any, pi: Any) -> None:
    """Nobody listens to 80 and 443 here, but packets get through: they are refused at once."""
    assert outside.open_ports("1-65535") == [22]
    assert _refused(outside, 80)
    assert not _refused(outside, 9998)


def _refused(outside: Any, port: int) -> bool:
    script = f"import socket; socket.create_connection(('{outside.pi}', {port}), 1)"
    argv = ["docker", "exec", outside.name, "python3", "-c", script]
    return "refused" in subprocess.run(argv, check=False, capture_output=True, text=True).stderr


def test_who_knows_a_containers_address_does_not_get_around_it(
    outside: Any, pi: Any, published: str
) -> None:
    route = ["docker", "exec", "--user", "root", outside.name, "ip", "route", "replace"]
    subprocess.run([*route, published, "via", outside.pi], check=True)
    assert outside.open_ports_of(published, "7777") == []
    pi.check_output("systemctl stop inkstand-firewall")
    without = outside.open_ports_of(published, "7777")
    pi.check_output("systemctl start inkstand-firewall")
    assert without == [7777]


def test_a_container_reaches_the_world_and_not_the_pi(
    outside: Any, pi: Any, published: str
) -> None:
    listen = ["docker", "exec", "--detach", outside.name, "python3", "/srv/listen.py", "8888"]
    subprocess.run(listen, check=True)
    assert _from_the_container(pi, container.address(outside.name), 8888) == "here"
    gateway = published.rpartition(".")[0] + ".1"
    assert _from_the_container(pi, gateway, 9998) == ""


def _from_the_container(pi: Any, address: str, port: int) -> str:
    script = (
        "use IO::Socket::INET; "
        f"my $s = IO::Socket::INET->new(PeerAddr => '{address}:{port}', Timeout => 2) or exit; "
        "print scalar <$s>"
    )
    said: str = pi.check_output("docker exec mistake perl -e %s", script)
    return said.strip()


def test_it_counts_what_it_keeps_away(outside: Any, pi: Any) -> None:
    assert outside.open_ports("9990-9999") == []
    listed = pi.check_output("nft list chain inet inkstand arriving")
    assert "counter packets 0 bytes" not in listed


def test_docker_s_own_rules_are_as_they_were(pi: Any) -> None:
    before = pi.check_output("iptables -t nat -S")
    pi.check_output("systemctl restart inkstand-firewall")
    assert "--dport 9999" in before
    assert pi.check_output("iptables -t nat -S") == before


def test_a_container_s_port_may_be_opened(apply: Callable[..., Any], outside: Any) -> None:
    assert apply(firewall_tcp_ports=[80, 443, 9999]).changed > 0
    assert outside.open_ports("22", "9990-9999") == [22, 9999]
    apply()
    assert outside.open_ports("22", "9990-9999") == [22]


def test_who_asks_by_mdns_is_let_in_from_the_local_network(
    apply: Callable[..., Any], pi: Any
) -> None:
    apply(firewall_udp_ports=[], firewall_mdns=True)
    listed = pi.check_output("nft list chain inet inkstand arriving")
    rules = [line.strip() for line in listed.splitlines() if "5353" in line]
    assert rules == [
        "ip daddr 224.0.0.251 udp dport 5353 accept",
        "ip6 daddr ff02::fb udp dport 5353 accept",
    ]
    apply()


def test_it_stands_after_a_reboot(
    instance: str, pi: Any, outside: Any, wait_for: Callable[..., Any]
) -> None:
    subprocess.run(["docker", "restart", instance], check=True, capture_output=True)
    wait_for(
        "systemd has started everything",
        lambda: pi.run("systemctl is-system-running --wait").stdout.strip() == "running",
        seconds=60,
    )
    assert pi.service("forgotten").is_running
    assert outside.open_ports("22", "9990-9999") == [22]
