"""Images that were built here run on the Pi; one for another architecture is sent, too."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pi_images import emulation, homemade
from pi_images.architectures import named
from tools.common.paths import ROOT
from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

PLAYBOOK = Path(__file__).resolve().parents[1] / "image.yml"
ELSEWHERE = "inkstand/elsewhere:test"


@pytest.fixture(scope="module")
def armhf() -> Iterator[dict[str, Any]]:
    """Settings as for a Pi 2; what is built with them is removed from this machine."""
    architecture = named("armhf")
    emulation.require(architecture, lambda _: None)
    base = homemade.make("debian:trixie-slim", architecture)
    yield {
        "__docker_architecture": "armhf",
        "docker_images_build_on": "controller",
        "docker_image_archives": [{"path": str(base), "image": "debian:trixie-slim"}],
    }
    argv = ["docker", "image", "rm", f"{ELSEWHERE}-armhf"]
    subprocess.run(argv, check=False, capture_output=True)


def changed(settings: dict[str, Any], *options: str) -> tuple[int, str]:
    """Ask for the image: how many tasks changed something, and what was said."""
    inventory = f"{os.environ['INKSTAND_INSTANCE_STATE']}/inventory"
    given = ("-i", inventory, *options, "-e", json.dumps(settings))
    done = testing.play(PLAYBOOK, *given, INKSTAND_ROOT=str(ROOT))
    assert done.status == 0, done.output
    return done.changed, done.words


def test_the_containers_run(pi: Any) -> None:
    for container in ("inkstand-app", "inkstand-pigpiod", "inkstand-traefik"):
        shown = pi.check_output("docker inspect --format '{{.State.Running}}' %s", container)
        assert shown == "true"
    assert pi.run("docker buildx version").rc != 0


def test_nothing_is_left_behind(pi: Any) -> None:
    assert pi.check_output("ls /var/tmp | grep inkstand || true") == ""
    assert pi.check_output("docker image ls --quiet --filter dangling=true") == ""


def test_an_image_for_another_machine_is_built_and_sent_once(
    pi: Any, armhf: dict[str, Any]
) -> None:
    tag = ["docker", "image", "inspect", "--format", "{{.Id}}", "debian:trixie-slim"]
    before = subprocess.run(tag, check=False, capture_output=True, text=True).stdout
    number, said = changed(armhf, "--check")
    assert number == 1
    assert "on this computer, and send it" in said
    assert pi.run(f"docker image inspect {ELSEWHERE}").rc != 0
    assert changed(armhf)[0] > 0
    shown = pi.check_output("docker image inspect --format '{{.Architecture}}' %s", ELSEWHERE)
    assert shown == "arm"
    assert changed(armhf)[0] == 0
    after = subprocess.run(tag, check=False, capture_output=True, text=True).stdout
    assert after == before


def test_an_image_for_the_wrong_machine_counts_as_missing(armhf: dict[str, Any]) -> None:
    settings = {**armhf, "__docker_architecture": "arm64"}
    if not emulation.is_possible(named("arm64")):
        emulation.require(named("arm64"), lambda _: None)
    assert changed(settings, "--check")[0] == 1
