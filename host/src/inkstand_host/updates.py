"""`inkstand-host updates`: what Debian has mended since the images of the containers were built.

An image is as it was built until somebody builds it anew, and the updates of the Pi do not reach
into it. Debian's own apt is asked, in a container for once: it knows which packages are in there.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkstand_host import files
from inkstand_host.errors import HostError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

# The app has this directory in its container, to tell on its page what is in it.
RECORD = Path("/var/lib/inkstand-host/updates.json")
# Traefik's comes as it is from its makers: a new version of Inkstand names a new one.
OF_DEBIAN = ("inkstand-app", "inkstand-pigpiod")
FIX = (
    "git pull and ansible-playbook playbook.yml; if they stay, today's date as "
    "inkstand_images_as_of in host_vars, and the playbook"
)
_MOST_NAMED = 6
_NAME = "inkstand-updates"
_PATIENCE_S = 1800
# Lists of packages, for as long as it takes; on a card that is nearly full they are not worth it.
_ROOM = 300_000_000
_DOCKER = Path("/var/lib/docker")
# As root without capabilities, so nothing that others may not write to; what cannot be had is told.
_SCRIPT = """\
set -eu
mkdir -p /tmp/apt/lists/partial /tmp/apt/cache/archives/partial
ask() {
  apt-get -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any \\
    -o Dir::State::Lists=/tmp/apt/lists -o Dir::Cache=/tmp/apt/cache -o Debug::NoLocking=1 "$@"
}
ask -qq update
ask --simulate --quiet dist-upgrade
"""
# Inst openssl [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [arm64])
_UPDATE = re.compile(r"^Inst (?P<name>\S+) \[[^\]]*\] \(\S+ (?P<origin>[^\[]*)", re.MULTILINE)


def updates_in(said: str) -> dict[str, list[str]]:
    """Return the packages that apt would replace; `security`: by Debian's security team."""
    found = {it["name"]: "security" in it["origin"].lower() for it in _UPDATE.finditer(said)}
    return {
        "packages": sorted(found),
        "security": sorted(name for name, security in found.items() if security),
    }


def look() -> dict[str, Any]:
    """Ask for the images of all containers that run, and write down what was found.

    Raises:
        HostError: the archive, or the engine, does not answer, or there is no room for it.
    """
    if shutil.disk_usage(_DOCKER).free < _ROOM:
        wanted = f"{_ROOM // 1_000_000} MB"
        raise HostError(f"to look for updates takes {wanted} of room in {_DOCKER}")
    images = {name: image for name in OF_DEBIAN if (image := _image_of(name))}
    found = {name: {"image": image, **_ask(image)} for name, image in images.items()}
    record = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "images": found}
    RECORD.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    files.write_json(RECORD, record)
    # Names of packages are no secret, and the app is to read it.
    RECORD.chmod(0o644)
    return record


def _image_of(container: str) -> str:
    """Return the image of a container; nothing when there is none."""
    done = _run(["docker", "container", "inspect", "--format", "{{.Config.Image}}", container])
    return done.stdout.strip() if done.returncode == 0 else ""


def _ask(image: str) -> dict[str, list[str]]:
    apart = ["--rm", "--name", _NAME, "--pull", "never", "--user", "0:0", "--cap-drop", "ALL"]
    gentle = ["--security-opt", "no-new-privileges", "--cpu-shares", "64", "--pids-limit", "64"]
    argv = ["docker", "run", *apart, *gentle, "--entrypoint", "/bin/sh", image, "-c", _SCRIPT]
    try:
        done = _run(argv)
    except subprocess.TimeoutExpired:
        _run(["docker", "rm", "--force", _NAME])
        raise HostError(f"{image}: Debian's archive does not answer") from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise HostError(f"{image}: {lines[-1] if lines else 'apt says nothing'}")
    return updates_in(done.stdout)


def _run(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except FileNotFoundError as error:
        raise HostError(f"there is no {argv[0]}") from error


def add_command(commands: Any) -> None:
    """Add `updates` to those of `inkstand-host`."""
    parser = commands.add_parser(
        "updates",
        help="look what Debian has mended since the images of the containers were built",
        description="Ask Debian's archive which packages in the images of the containers are older"
        " than they should be, and keep the answer for the doctor and the page. Changes nothing"
        " else; a timer does it each week.",
    )
    parser.add_argument("--json", action="store_true", help="tell it as JSON on one line")
    parser.set_defaults(run=_tell, needs_root=True)


def _tell(options: argparse.Namespace) -> int:
    record = look()
    print(json.dumps(record) if options.json else "\n".join(_lines(record)))
    return 0


def _lines(record: dict[str, Any]) -> list[str]:
    lines = [f"{name}: {told(found)}" for name, found in record["images"].items()]
    stale = any(found["packages"] for found in record["images"].values())
    return [*lines, f"To have them:  {FIX}"] if stale else lines or ["There is no container of it."]


def told(found: dict[str, Any]) -> str:
    """Say which packages of an image are to be replaced."""
    packages, security = found["packages"], len(found["security"])
    if not packages:
        return "as Debian has it now"
    rest = len(packages) - _MOST_NAMED
    names = ", ".join([*packages[:_MOST_NAMED], *([f"{rest} more"] if rest > 0 else [])])
    return f"{len(packages)} older than Debian's, {security} for security: {names}"
