"""What the containers may do, as the Pi's engine says it."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

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
