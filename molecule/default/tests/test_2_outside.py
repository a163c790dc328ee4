"""The virtual Pi as a stranger sees it, from a container beside it: its ports and its TLS."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tools.common.commands import run
from virtual_pi import container

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

INSTALL = (
    "apt-get update -qq && DEBIAN_FRONTEND=noninteractive "
    "apt-get install -qq --yes --no-install-recommends testssl.sh >/dev/null"
)
# WARN: a check that could not be made.
BAD = ("MEDIUM", "HIGH", "CRITICAL", "WARN")
# Of the OpenSSL of who looks: it does not know Russian ciphers.
ABOUT_THE_STRANGER = ("engine_problem",)


@pytest.fixture(scope="module")
def stranger(instance: str, ca: Path) -> Iterator[Callable[..., str]]:
    """Give a function that runs a program on a Debian 13 beside the Pi and gives what it wrote."""
    name = f"{instance}-stranger"
    image = run(["docker", "inspect", "--format", "{{.Config.Image}}", instance]).strip()
    subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)
    run(["docker", "run", "--detach", "--rm", "--name", name, image, "sleep", "infinity"])
    try:
        run(["docker", "cp", str(ca), f"{name}:/srv/ca.pem"])
        yield lambda *argv: run(["docker", "exec", name, *argv]).strip()
    finally:
        subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)


def test_only_http_and_https_are_open(stranger: Callable[..., str], instance: str) -> None:
    """All 65,535 ports, one after the other: a closed one answers in microseconds."""
    script = (
        "import socket\n"
        "def is_open(port):\n"
        "    with socket.socket() as asked:\n"
        "        asked.settimeout(1)\n"
        f"        return asked.connect_ex(('{container.address(instance)}', port)) == 0\n"
        "print(*filter(is_open, range(1, 65536)))"
    )
    assert stranger("python3", "-c", script) == "80 443"


def test_testssl_finds_nothing_worse_than_low(stranger: Callable[..., str], instance: str) -> None:
    """Debian's testssl.sh, with the CA trusted as on an owner's device.

    Without its simulation of old clients, which grades none of its findings.
    """
    stranger("sh", "-c", INSTALL)
    options = ["--quiet", "--color", "0", "--warnings", "off", "--nodns", "none"]
    checks = ["--protocols", "--std", "--fs", "--server-preference", "--server-defaults"]
    checks += ["--headers", "--vulnerable"]
    files = ["--add-ca", "/srv/ca.pem", "--jsonfile", "/tmp/found.json"]
    target = ["--ip", container.address(instance), "localhost:443"]
    stranger(
        "sh",
        "-c",
        '"$@" >/tmp/said.txt 2>&1 || true',
        "sh",
        "testssl",
        *options,
        *checks,
        *files,
        *target,
    )
    found = json.loads(stranger("cat", "/tmp/found.json"))
    checked = {one["id"] for one in found}
    assert {
        "TLS1_3",
        "cert_trust",
        "cert_crlDistributionPoints",
        "heartbleed",
        "LUCKY13",
        "HSTS",
    } <= checked
    found = [one for one in found if one["id"] not in ABOUT_THE_STRANGER]
    bad = {one["id"]: one["finding"] for one in found if one["severity"] in BAD}
    assert bad == {}
