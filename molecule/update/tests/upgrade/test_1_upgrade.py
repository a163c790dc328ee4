"""An appliance of an older release is updated by `git pull` and one run, and goes back.

In this order, on one Pi that the tree of an older commit has made and deployed.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[4]
STATE = Path(os.environ["INKSTAND_INSTANCE_STATE"])
NAMES = {"inkstand-app", "inkstand-pigpiod", "inkstand-traefik"}
NETWORKS = {"inkstand-bus", "inkstand-edge", "inkstand-public"}
OF_DOCKER = {"bridge", "host", "none"}


def listed(pi: Any, *what: str) -> set[str]:
    """Return the names of all containers or networks."""
    return set(pi.shell("docker", *what, "--format", "{{.Name}}").split())


def containers(pi: Any) -> set[str]:
    return set(pi.shell("docker", "ps", "--all", "--format", "{{.Names}}").split())


@pytest.fixture(scope="module")
def kept(owner: Any) -> Callable[[], dict[str, Any]]:
    """Give a function that returns what people have, and must not lose."""

    def look() -> dict[str, Any]:
        certificate = ssl.get_server_certificate((owner.address, 443))
        status, screen = owner.ask("GET", "/api/v1/screen")
        assert status == 200, screen
        return {
            "texts": [text for text in owner.texts() if not text.startswith("Number ")],
            "tokens": owner.tokens(),
            "certificate": certificate,
            "on the glass": screen["screen"],
        }

    return look


@pytest.fixture(scope="module")
def before(pi: Any, owner: Any, kept: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Say what people had, and what ran, while it was the older release."""
    pi.wait_for("a message is on the glass", lambda: kept()["on the glass"] == "message")
    return {**kept(), "containers": containers(pi), "images": sorted(pi.images().values())}


def pull() -> None:
    """Do what `git pull` does to an inventory: the settings for all are those of this tree."""
    link = STATE / "inventory" / "group_vars"
    link.unlink()
    link.symlink_to(ROOT / "inventory" / "group_vars")


def test_one_run_updates_it_with_all_that_people_have(
    release: Any, sender: Any, pi: Any, before: dict[str, Any], kept: Any
) -> None:
    owner, sender.pause = sender.owner, 5.0
    assert before["containers"] != NAMES
    pull()
    with sender:
        run = release.play("playbook.yml")
    print(f"\nanswers meanwhile {sorted(sender.answers)}; {len(sender.accepted)} accepted")
    assert run.status == 0, run.output[-6000:]
    pi.wait_for("it serves", owner.is_served)
    assert kept() == {name: before[name] for name in kept()}
    assert set(owner.texts()) >= set(sender.accepted)
    assert sender.accepted


def test_nothing_of_the_older_release_stays(pi: Any) -> None:
    assert containers(pi) == NAMES
    assert listed(pi, "network", "ls") - OF_DOCKER == NETWORKS
    # The program of before that the watcher takes the place of.
    installed = ("/etc/systemd/system", "/usr/local/lib/inkstand")
    assert pi.shell("find", *installed, "-name", "*reviver*") == ""


@pytest.fixture(scope="module")
def older_command(name: str, pi: Any) -> Callable[..., str]:
    """Give the command line of the older release, on a computer that was not updated."""
    source = STATE / "older" / "images" / "app" / "src"
    subprocess.run(["docker", "cp", source, f"{name}:/root/older"], check=True, capture_output=True)

    def run(words: str) -> str:
        told: str = pi.shell("sh", "-c", f"PYTHONPATH=/root/older python3 -m inkstand {words}")
        return told

    password = testing.login(STATE)["password"]
    login = "login https://localhost --ca /etc/inkstand/traefik/ca.pem --password-stdin"
    run(f"{login} <<E\n{password}\nE")
    return run


def test_the_command_line_of_before_works_with_the_server_of_today(
    older_command: Callable[..., str], owner: Any
) -> None:
    older_command("send --wait --timeout 60 --urgent Sent by the older one")
    assert owner.ask("GET", "/api/v1/screen")[1]["message"]["text"] == "Sent by the older one"
    (sent,) = json.loads(older_command("history --limit 1 --json"))
    assert (sent["text"], sent["state"]) == ("Sent by the older one", "shown")
    older_command(f"acknowledge {sent['id']}")
    older_command("panel -o /root/older/glass.png")
    older_command("send --image /root/older/glass.png --wait --timeout 60 --urgent The glass")
    assert owner.ask("GET", "/api/v1/screen")[1]["screen"] == "picture"
    assert "doorbell" in older_command("tokens list")
    assert "ok" in older_command("status")
    older_command("logout")


def test_a_second_run_changes_nothing(release: Any) -> None:
    run = release.play("playbook.yml")
    assert run.status == 0, run.output[-6000:]
    assert " changed=0 " in run.output


def test_the_way_back_brings_the_older_release_and_keeps_what_came_since(
    release: Any, owner: Any, pi: Any, before: dict[str, Any], kept: Any
) -> None:
    assert owner.send("Since the update") == 201
    run = release.play("rollback.yml")
    assert run.status == 0, run.output[-6000:]
    pi.wait_for("it serves", owner.is_served)
    # Under the names of today: what goes back is of today as well.
    assert containers(pi) == NAMES
    assert sorted(pi.images().values()) == before["images"]
    assert "Since the update" in owner.texts()
    assert kept()["tokens"] == before["tokens"]


def test_it_is_updated_once_more(release: Any, owner: Any, pi: Any) -> None:
    run = release.play("playbook.yml")
    assert run.status == 0, run.output[-6000:]
    pi.wait_for("it serves", owner.is_served)
    assert containers(pi) == NAMES
    assert "Since the update" in owner.texts()
