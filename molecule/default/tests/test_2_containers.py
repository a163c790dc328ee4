"""What the containers may do, as the Pi's engine says it."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e

CONTAINERS = ("inkstand-app", "inkstand-pigpiod", "inkstand-traefik")


@pytest.fixture(params=CONTAINERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_these_and_no_others_run(pi: Any) -> None:
    assert sorted(pi.check_output("docker ps --format '{{.Names}}'").split()) == list(CONTAINERS)


def test_it_is_not_privileged(name: str, engine_says: Callable[[str, str], str]) -> None:
    assert engine_says(name, ".HostConfig.Privileged") == "false"


def test_it_is_not_root(name: str, engine_says: Callable[[str, str], str]) -> None:
    user = engine_says(name, ".Config.User")
    assert user.split(":")[0] not in ("", "0", "root")


def test_its_process_has_no_capabilities(
    name: str, pi: Any, engine_says: Callable[[str, str], str]
) -> None:
    assert engine_says(name, "json .HostConfig.CapDrop") == '["ALL"]'
    assert engine_says(name, "json .HostConfig.CapAdd") in ("null", "[]")
    status = pi.file(f"/proc/{engine_says(name, '.State.Pid')}/status").content_string
    assert f"CapEff:\t{'0' * 16}" in status
    assert "NoNewPrivs:\t1" in status


def test_its_root_is_read_only(name: str, engine_says: Callable[[str, str], str]) -> None:
    assert engine_says(name, ".HostConfig.ReadonlyRootfs") == "true"


def test_it_has_no_engine_socket(name: str, engine_says: Callable[[str, str], str]) -> None:
    assert "docker.sock" not in engine_says(name, "json .Mounts")
    assert "docker.sock" not in engine_says(name, "json .HostConfig.Binds")


def test_its_memory_and_processes_are_limited(
    name: str, engine_says: Callable[[str, str], str]
) -> None:
    assert int(engine_says(name, ".HostConfig.Memory")) > 0
    assert int(engine_says(name, ".HostConfig.PidsLimit")) > 0


def test_what_loses_its_parent_is_reaped(pi: Any, wait_for: Callable[..., Any]) -> None:
    """Else what a fork bomb leaves keeps the container at its limit of processes."""
    pi.check_output("docker exec inkstand-app sh -c '(sleep 0.2 &)'")
    # The engine does not list what has ended and was not reaped.
    told = "docker exec inkstand-app sh -c 'cat /proc/[0-9]*/stat'"
    wait_for("it is reaped", lambda: "(sleep)" not in pi.run(told).stdout)


def test_its_image_is_named_after_its_content(
    name: str, engine_says: Callable[[str, str], str]
) -> None:
    image, tag = engine_says(name, ".Config.Image").split(":")
    assert image == f"inkstand/{name.removeprefix('inkstand-')}"
    assert len(tag) == 12
    int(tag, 16)


def test_it_is_healthy(
    name: str, engine_says: Callable[[str, str], str], wait_for: Callable[..., Any]
) -> None:
    wait_for(
        f"{name} healthy",
        lambda: engine_says(name, ".State.Health.Status") == "healthy",
        seconds=150,
    )


def test_log_ins_leave_no_memory_behind(
    anonymous: Any, login: Any, pi: Any, engine_says: Callable[[str, str], str]
) -> None:
    """To check a password takes 19 MB; the threads that do it must not keep them."""
    with ThreadPoolExecutor(6) as threads:
        answers = threads.map(lambda _: anonymous.ask("POST", "/login", json=login), range(6))
        assert {status for status, _ in answers} == {200}
    memory = pi.file(
        f"/proc/{engine_says('inkstand-app', '.State.Pid')}/smaps_rollup"
    ).content_string
    (kilobytes,) = re.findall(r"^Pss: +(\d+) kB$", memory, re.MULTILINE)
    assert int(kilobytes) < 80_000


def test_only_http_and_https_are_published(engine_says: Callable[[str, str], str]) -> None:
    published = {
        name: json.loads(engine_says(name, "json .HostConfig.PortBindings")) or {}
        for name in CONTAINERS
    }
    assert published["inkstand-app"] == published["inkstand-pigpiod"] == {}
    ports = [
        binding["HostPort"] for found in published["inkstand-traefik"].values() for binding in found
    ]
    assert sorted(ports) == ["443", "80"]


def test_the_button_is_reached_by_the_app_alone(pi: Any) -> None:
    network = json.loads(pi.check_output("docker network inspect inkstand-bus"))[0]
    assert network["Internal"] is True
    found = {container["Name"] for container in network["Containers"].values()}
    assert found == {"inkstand-app", "inkstand-pigpiod"}


# What the CIS Docker Benchmark asks: what a container shares with the Pi, and what holds it.
NOTHING_SHARED = {
    ".HostConfig.PidMode": ("",),
    ".HostConfig.UTSMode": ("",),
    ".HostConfig.UsernsMode": ("",),
    ".HostConfig.IpcMode": ("private",),
    ".HostConfig.CgroupParent": ("",),
    ".HostConfig.VolumesFrom": ("[]", "<no value>"),
}


@pytest.mark.parametrize("what", NOTHING_SHARED)
def test_it_shares_no_namespace_with_the_pi(
    name: str, what: str, engine_says: Callable[[str, str], str]
) -> None:
    assert engine_says(name, what) in NOTHING_SHARED[what]


def test_its_network_is_not_the_pis(name: str, engine_says: Callable[[str, str], str]) -> None:
    networks = set(json.loads(engine_says(name, "json .NetworkSettings.Networks")))
    assert networks
    assert all(network.startswith("inkstand-") for network in networks)
    mode = engine_says(name, ".HostConfig.NetworkMode")
    assert mode != "host"
    assert not mode.startswith("container:")


def test_its_connections_do_not_outlive_it_by_minutes(
    name: str, pi: Any, engine_says: Callable[[str, str], str]
) -> None:
    """What keeps its network keeps the next container from being reached."""
    within = f"nsenter --target {engine_says(name, '.State.Pid')} --net"
    assert pi.check_output(f"{within} cat /proc/sys/net/ipv4/tcp_orphan_retries") == "3"


def test_the_kernel_guards_it(name: str, pi: Any, engine_says: Callable[[str, str], str]) -> None:
    """No profile is switched off, and nothing new is gained."""
    options = json.loads(engine_says(name, "json .HostConfig.SecurityOpt"))
    assert options in (["no-new-privileges"], ["no-new-privileges:true"])
    status = pi.file(f"/proc/{engine_says(name, '.State.Pid')}/status").content_string
    # 2: it may ask for the calls of a list alone. An engine in a container may have no profile.
    engine = pi.check_output("docker info --format '{{json .SecurityOptions}}'")
    assert "Seccomp:\t2" in status or "name=seccomp" not in engine
    if "name=apparmor" in engine:
        assert engine_says(name, ".AppArmorProfile") == "docker-default"


WRITABLE: dict[str, set[str]] = {
    "inkstand-app": {"/run/epd", "/var/lib/inkstand"},
    "inkstand-pigpiod": set(),
    "inkstand-traefik": {"/var/lib/traefik"},
}
OF_THE_PI = ("/", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/run", "/sys", "/usr", "/var")


def test_of_the_pis_files_it_has_what_it_needs(
    name: str, engine_says: Callable[[str, str], str]
) -> None:
    """Directories of its own, and none that is shared back."""
    mounts = json.loads(engine_says(name, "json .Mounts"))
    assert {it["Destination"] for it in mounts if it["RW"]} <= WRITABLE[name]
    for each in mounts:
        assert each["Source"] not in OF_THE_PI
        assert each["Propagation"] in ("", "rprivate", "rslave")


def test_no_device_is_handed_on_but_the_chip(
    name: str, engine_says: Callable[[str, str], str]
) -> None:
    devices = json.loads(engine_says(name, "json .HostConfig.Devices")) or []
    allowed = r"/dev/gpiochip\d+" if name == "inkstand-pigpiod" else r"(?!)"
    assert [it for it in devices if not re.fullmatch(allowed, it["PathOnHost"])] == []
    assert json.loads(engine_says(name, "json .HostConfig.DeviceCgroupRules")) in (None, [])


def test_what_is_in_memory_cannot_be_run(name: str, engine_says: Callable[[str, str], str]) -> None:
    for options in json.loads(engine_says(name, "json .HostConfig.Tmpfs")).values():
        assert {"noexec", "nosuid", "nodev"} <= set(options.split(","))


def test_no_secret_is_in_its_environment(name: str, state: Path, pi: Any, engine_says: Any) -> None:
    """Nor in its command, its labels, or those of any process in it."""
    kept = json.loads((state / "credentials.json").read_text())
    key = pi.check_output("cat /etc/inkstand/app/secrets/token_secret").split()[0]
    said = engine_says(name, "json .Config")
    for pid in pi.check_output(f"docker top {name} -o pid").split()[1:]:
        # A process of a health check may have gone meanwhile.
        said += pi.run(f"cat /proc/{pid}/environ /proc/{pid}/cmdline").stdout
    assert "PATH=" in said
    for secret in (kept["password"], kept["password_hash"], key):
        assert secret not in said


CHECKS = {
    "inkstand-app": "healthcheck",
    "inkstand-pigpiod": "healthcheck",
    "inkstand-traefik": "traefik healthcheck",
}


def test_its_health_is_asked_by_what_it_is_for(
    name: str, pi: Any, engine_says: Callable[[str, str], str]
) -> None:
    """Over its own protocol; a process that is there is not enough."""
    check = json.loads(engine_says(name, "json .Config.Healthcheck"))
    assert CHECKS[name] in " ".join(check["Test"]).replace("/usr/local/bin/", "")
    assert 0 < check["Timeout"] <= 10e9
    assert pi.run(f"docker exec {name} {' '.join(check['Test'][1:])}").succeeded


def test_it_comes_back_by_itself(name: str, engine_says: Callable[[str, str], str]) -> None:
    """The benchmark wants five tries at most; an appliance has nobody who looks after it."""
    assert engine_says(name, ".HostConfig.RestartPolicy.Name") == "always"


def test_the_engine_listens_to_root_alone(pi: Any) -> None:
    """No port, and a socket for its group."""
    socket = pi.file("/run/docker.sock")
    assert (socket.user, socket.group, socket.mode) == ("root", "docker", 0o660)
    assert pi.group("docker").exists
    assert not re.search(r":237[56]\b", pi.check_output("ss -Htln"))
    settings = json.loads(pi.file("/etc/docker/daemon.json").content_string)
    assert not {"hosts", "insecure-registries", "authorization-plugins"} & settings.keys()
    assert settings["live-restore"] is True
    assert settings["userland-proxy"] is False
    assert pi.file("/etc/docker/daemon.json").mode & 0o022 == 0
