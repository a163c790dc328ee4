"""What is somebody else's is named before anything is changed, and left alone."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tools.common.paths import ROOT
from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e
PORT = 8022


@pytest.fixture
def look(state: Path) -> Callable[..., testing.Run]:
    """Give a function that runs the checks of the playbook, and next to nothing else of it."""
    inventory = ("-i", str(state / "inventory"))
    return partial(
        testing.play, ROOT / "playbook.yml", *inventory, "--check", "--tags", "hardening"
    )


@pytest.fixture
def keepsake(pi: Any) -> Iterator[str]:
    """A container of the owner."""
    pi.check_output(
        "docker create --name keepsake $(docker images --quiet inkstand/pigpiod | head -1)"
    )
    yield "keepsake"
    pi.check_output("docker rm keepsake")


@pytest.fixture
def listener(pi: Any) -> Iterator[str]:
    """A program of the owner that listens on a port."""
    program = f"import socket; s = socket.create_server(('', {PORT})); print(s.accept())"
    unit = f'systemd-run --quiet --unit=listener -- python3 -c "{program}"'
    pi.check_output(unit)
    yield "listener.service"
    pi.check_output("systemctl stop listener")


def test_a_container_of_the_owner_with_a_name_of_ours_stops_the_run(
    look: Callable[..., testing.Run], pi: Any, keepsake: str
) -> None:
    run = look("-e", json.dumps({"docker_containers": [keepsake]}))
    assert run.status != 0
    assert f"there is a container {keepsake} of " in run.words
    assert "that is not Inkstand's. Nothing was changed." in run.words
    assert pi.check_output("docker ps --all --quiet --filter name=keepsake")


def test_a_program_on_a_port_of_ours_is_named(
    look: Callable[..., testing.Run], pi: Any, listener: str, wait_for: Callable[..., Any]
) -> None:
    wait_for("the listener", lambda: f":{PORT:04X} " in pi.file("/proc/net/tcp").content_string)
    run = look("-e", json.dumps({"docker_ports": [443, PORT]}))
    assert run.status != 0
    assert f"port {PORT} is used by python3 ({listener}, process " in run.words
    assert "port 443 is used" not in run.words


def test_room_that_is_missing_for_images_is_told_before_anything_is_built(
    look: Callable[..., testing.Run],
) -> None:
    """More images than any disk of a test has room for."""
    run = look("-e", json.dumps({"docker_images": [f"inkstand/x:{it}" for it in range(5_000)]}))
    assert run.status != 0
    assert "5000 images need about 1000100 MB, and there are " in run.words
    assert " MB free on /var/lib/docker: free " in run.words
    assert "Nothing was changed." in run.words


@pytest.mark.parametrize("options", [("--limit", "{name}"), ("--tags", "app"), ()])
def test_nothing_is_removed_unless_that_is_said(
    state: Path, instance: str, pi: Any, options: tuple[str, ...]
) -> None:
    """Also with options that leave plays out, and with nobody at a terminal."""
    given = [option.format(name=instance) for option in options]
    run = testing.play(ROOT / "remove.yml", "-i", str(state / "inventory"), *given)
    assert run.status != 0
    assert "-e remove_inkstand=true" in run.words
    assert run.changed == 0
    assert "inkstand-app" in pi.check_output("docker ps --format '{{.Names}}'")
