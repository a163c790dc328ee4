"""Each role of the built collection, alone and from a playbook of somebody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from virtual_pi import container

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = ROOT / "molecule" / "controller" / "vars" / "instance.yml"
PROGRAMS = Path(sys.executable).parent


def run(argv: list[str], place: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return subprocess.run(
        argv,
        cwd=place,
        env={**kept, "ANSIBLE_NOCOLOR": "1", **more},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The roles as a collection, built and installed."""
    place = tmp_path_factory.mktemp("collection")
    galaxy = [str(PROGRAMS / "ansible-galaxy"), "collection"]
    built = run([*galaxy, "build", "--output-path", str(place)])
    assert built.returncode == 0, built.stderr
    (archive,) = place.glob("*.tar.gz")
    argv = [*galaxy, "install", "--no-deps", "--collections-path", str(place), str(archive)]
    assert run(argv).returncode == 0
    return place


@pytest.mark.parametrize(
    ("role", "options"),
    [
        ("inkstand_host", ["--check"]),
        ("docker", []),
        ("epd_driver", []),
        ("pigpiod", []),
        ("app", ["--check"]),
        ("traefik", ["--check"]),
        ("hardening", ["--check"]),
        ("doctor", []),
    ],
)
def test_a_role_of_the_collection_alone_finds_what_the_playbook_made(
    collection: Path, state: Path, instance: str, role: str, options: list[str]
) -> None:
    play = {"hosts": "all", "become": True, "roles": [f"inkstand.appliance.{role}"]}
    playbook = collection / f"{role}.yml"
    playbook.write_text(json.dumps([play]))
    done = run(
        [
            *(str(PROGRAMS / "ansible-playbook"), str(playbook)),
            *("--inventory", f"{state}/inventory", *options),
            *("--extra-vars", f"@{SETTINGS}"),
            *("--extra-vars", f"doctor_address={container.address(instance)}"),
        ],
        # Where there is no ansible.cfg that leads to the plugins of this repository.
        collection,
        ANSIBLE_COLLECTIONS_PATH=str(collection),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed=0" in done.stdout, done.stdout
