"""Who reaches whom: the world the appliance, each part what it needs, and nobody more than that."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from virtual_pi import container

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.e2e

FILES = Path(__file__).resolve().parents[1] / "files"
PER_SOURCE, OF_THE_WORLD = 64, 384
# The world beyond the Pi: addresses of documentation, which nobody has.
WORLD = "far"
WORLD_4, PI_4 = "203.0.113.2", "203.0.113.1"
# The second is in another /64 of the same customer.
WORLD_6, OTHER_6, PI_6 = "2001:db8:1::2", "2001:db8:1:1::2", "2001:db8:1::1"
MANY = tuple(f"203.0.113.{number}" for number in range(2, 10))
MAKE_WORLD = f"""
ip netns add {WORLD}
ip link add {WORLD} type veth peer name eth0 netns {WORLD}
ip link set {WORLD} up
ip -n {WORLD} link set eth0 up
ip address add {PI_4}/24 dev {WORLD}
ip address add {PI_6}/48 dev {WORLD} nodad
ip -n {WORLD} address add {WORLD_6}/48 dev eth0 nodad
ip -n {WORLD} address add {OTHER_6}/48 dev eth0 nodad
""" + "\n".join(f"ip -n {WORLD} address add {one}/24 dev eth0" for one in MANY)
LISTEN = """
import socket
listening = socket.create_server(("{}", 7))
print("ready", flush=True)
while listening.accept():
    pass
"""
CONNECT = "import socket; socket.create_connection(('{}', {}), 2); print('reached')"
ASK = """
import http.client, ssl
context = ssl._create_unverified_context()
connection = http.client.HTTPSConnection("{}", 443, context=context, timeout=5)
connection.request("GET", "/", headers={{"Host": "localhost"}})
print(connection.getresponse().status)
"""


@pytest.fixture(scope="module")
def world(pi: Any, instance: str) -> Iterator[Callable[[str], str]]:
    """Give a function that runs Python in a network beyond the Pi, where somebody listens."""
    pi.run(f"ip netns delete {WORLD}")
    for line in MAKE_WORLD.strip().splitlines():
        pi.check_output(line)
    argv = ["docker", "exec", "--interactive", instance, "ip", "netns", "exec", WORLD, "python3"]
    with subprocess.Popen(
        [*argv, "-c", LISTEN.format(WORLD_4)], stdout=subprocess.PIPE
    ) as listener:
        assert listener.stdout
        assert listener.stdout.readline()
        yield lambda script: pi.run("ip netns exec %s python3 -c %s", WORLD, script).stdout.strip()
        pi.run(f"ip netns pids {WORLD} | xargs --no-run-if-empty kill")
    pi.check_output(f"ip netns delete {WORLD}")


@pytest.fixture
def reaches(pi: Any, engine_says: Callable[[str, str], str]) -> Callable[[str, str, int], bool]:
    """Give a function that tells whether a container reaches an address and a port."""

    def ask(name: str, address: str, port: int) -> bool:
        pid = engine_says(name, ".State.Pid")
        script = CONNECT.format(address, port)
        run = pi.run("nsenter --target %s --net python3 -c %s", pid, script)
        return bool(run.stdout.strip() == "reached")

    return ask


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("name", ["inkstand-app", "inkstand-pigpiod"])
def test_who_needs_no_way_out_has_none(
    name: str, reaches: Callable[..., bool], instance: str, pi: Any
) -> None:
    assert not reaches(name, WORLD_4, 7)
    assert not reaches(name, container.address(instance), 443)
    assert not reaches(name, PI_4, 443)


@pytest.mark.usefixtures("world")
def test_traefik_reaches_the_world_and_the_app(reaches: Callable[..., bool]) -> None:
    """The world: Let's Encrypt, for example."""
    assert reaches("inkstand-traefik", WORLD_4, 7)
    assert not reaches("inkstand-traefik", "inkstand-pigpiod", 8888)


def test_traefik_is_alone_where_there_is_a_way_out(pi: Any) -> None:
    networks = json.loads(pi.check_output("docker network inspect inkstand-edge inkstand-public"))
    found = {
        it["Name"]: (it["Internal"], {end["Name"] for end in it["Containers"].values()})
        for it in networks
    }
    assert found == {
        "inkstand-edge": (True, {"inkstand-app", "inkstand-traefik"}),
        "inkstand-public": (False, {"inkstand-traefik"}),
    }


@pytest.mark.parametrize("address", [PI_4, PI_6])
def test_it_serves_ipv4_and_ipv6(world: Callable[[str], str], address: str) -> None:
    assert world(ASK.format(address)) == "401"


def test_on_the_pi_localhost_serves(pi: Any) -> None:
    """Its ::1 cannot, and says so at once, so that whoever asks goes on to 127.0.0.1."""
    assert pi.check_output("getent ahosts localhost").startswith("::1")
    assert pi.check_output("python3 -c %s", ASK.format("localhost")) == "401"
    refused = pi.run("python3 -c %s", CONNECT.format("::1", 443))
    assert "ConnectionRefusedError" in refused.stderr


@pytest.fixture
def flood(pi: Any, instance: str, world: Any) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Give a function that holds connections of the world to the Pi, with half a request each."""
    subprocess.run(["docker", "cp", str(FILES / "flood.py"), f"{instance}:/srv/"], check=True)
    run = ["docker", "exec", "--interactive", instance, "ip", "netns", "exec", WORLD, "python3"]
    started: list[subprocess.Popen[str]] = []

    def start(*argv: str) -> subprocess.Popen[str]:
        command = [*run, "/srv/flood.py", *argv]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.communicate()


def taken(process: subprocess.Popen[str]) -> int:
    """Wait until a flood stands, and tell how many connections it holds."""
    assert process.stdout
    return int(process.stdout.readline())


@pytest.mark.parametrize("address", [PI_4, PI_6])
def test_one_source_cannot_take_all_connections(
    flood: Callable[..., subprocess.Popen[str]], api: Any, address: str
) -> None:
    assert taken(flood(address, "100")) == PER_SOURCE
    api.renew()
    assert api.ask("GET", "/")[0] == 200


def test_a_customer_with_many_networks_of_ipv6_is_one_source(
    flood: Callable[..., subprocess.Popen[str]],
) -> None:
    assert taken(flood(PI_6, "60", WORLD_6, OTHER_6)) == PER_SOURCE


@pytest.fixture
def held(pi: Any, engine_says: Callable[[str, str], str]) -> Callable[[], int]:
    """Give a function that tells how many connections of the world Traefik holds now."""
    pid = engine_says("inkstand-traefik", ".State.Pid")
    ask = f"nsenter --target {pid} --net ss -Htn state established"
    which = "sport = :8443 and dst 203.0.113.0/24"
    return lambda: len(pi.check_output(f"{ask} {which}").splitlines())


def test_many_sources_neither_end_traefik_nor_keep_the_house_out(
    flood: Callable[..., subprocess.Popen[str]],
    held: Callable[[], int],
    api: Any,
    engine_says: Callable[[str, str], str],
) -> None:
    """Each with half a request: Traefik cuts off what is held too long, so more come in time."""
    before = engine_says("inkstand-traefik", ".State.StartedAt")
    floods = [flood(PI_4, "400", one) for one in MANY]
    most = 0
    with ThreadPoolExecutor(len(floods)) as threads:
        counts = [threads.submit(taken, process) for process in floods]
        while not all(count.done() for count in counts):
            most = max(most, held())
            api.renew()
            assert api.ask("GET", "/")[0] == 200
    assert sum(count.result() for count in counts) >= 4 * PER_SOURCE
    assert most <= OF_THE_WORLD
    assert engine_says("inkstand-traefik", ".State.StartedAt") == before


@pytest.fixture
def wildcard(pi: Any, api: Any, instance: str, wait_for: Callable[..., Any]) -> Iterator[None]:
    """The Pi searches a domain in which every name exists."""
    subprocess.run(
        ["docker", "cp", str(FILES / "wildcard_dns.py"), f"{instance}:/srv/"], check=True
    )
    before = pi.file("/etc/resolv.conf").content_string
    pi.check_output("cp /etc/resolv.conf /run/resolv.conf.before")
    address = container.address(instance)
    unit = f"systemd-run --unit wildcard-dns python3 /srv/wildcard_dns.py {address}"
    pi.check_output(unit)
    text = f"search lan\nnameserver {address}\noptions ndots:1\n"
    pi.check_output("printf %s > /etc/resolv.conf", text)
    found = "getent ahostsv4 anything | grep --quiet 192.0.2.99"
    wait_for("its server answers", lambda: pi.run(found).succeeded, seconds=30)
    yield
    pi.check_output("cat /run/resolv.conf.before > /etc/resolv.conf")
    pi.check_output("systemctl stop wildcard-dns")
    pi.check_output("docker restart --time 3 inkstand-traefik inkstand-app")
    assert pi.file("/etc/resolv.conf").content_string == before
    api.renew()
    wait_for("all is as before", lambda: serves(api), seconds=30)


def serves(api: Any) -> bool:
    """Tell whether the owner is welcome, and the button works."""
    try:
        status, said = api.ask("GET", "/healthz")
    except (OSError, ValueError):
        return False
    return bool(status == 200 and said["button"] == "ok")


@pytest.mark.usefixtures("wildcard")
def test_a_domain_in_which_every_name_exists_misleads_nobody(
    api: Any, pi: Any, wait_for: Callable[..., Any]
) -> None:
    pi.check_output("docker restart --time 3 inkstand-traefik inkstand-app")
    api.renew()
    wait_for("traefik finds the app, and the app pigpiod", lambda: serves(api), seconds=30)
