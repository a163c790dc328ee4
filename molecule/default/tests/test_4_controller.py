"""What the owner's computer sees of a Pi: what was changed there by hand, and roles used alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from virtual_pi import container

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = Path(sys.executable).parent
# A file of each kind that is installed, and the word by which a comparison names it.
INSTALLED = {
    "/usr/local/lib/inkstand/epdfuse/cli.py": "/usr/local/lib/inkstand/epdfuse: cli.py",
    "/usr/local/lib/inkstand-release/inkstand_release/gate.py": "inkstand_release/gate.py",
    "/usr/local/lib/inkstand/traefik/renew_certificate.py": "renew_certificate.py",
    "/usr/local/bin/epdfuse": "/usr/local/bin/epdfuse",
    "/etc/systemd/system/epd-fuse.service": "epd-fuse.service",
    "/etc/systemd/system/inkstand-certificate.timer": "inkstand-certificate.timer",
    "/etc/tmpfiles.d/epd-fuse.conf": "/etc/tmpfiles.d/epd-fuse.conf",
    "/etc/inkstand/app/inkstand.toml": "/etc/inkstand/app/inkstand.toml",
    "/etc/inkstand/app/secrets/password_hash": "secret ",
    "/etc/inkstand/release.json": "/etc/inkstand/release.json",
    "/etc/inkstand/traefik/config/traefik.yml": "traefik.yml",
    "/etc/inkstand/traefik/config/dynamic/inkstand.yml": "inkstand.yml",
}


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


@pytest.fixture
def edited(pi: Any) -> Iterator[None]:
    """One byte more in each of the files."""
    names = " ".join(INSTALLED)
    pi.check_output(f"tar --create --file /root/before.tar --absolute-names {names}")
    pi.check_output(f"for name in {names}; do printf '#' >> $name; done")
    yield
    pi.check_output("tar --extract --file /root/before.tar --absolute-names")


def test_one_byte_more_in_any_kind_of_file_is_drift(edited: None, state: Path) -> None:
    done = run([sys.executable, "tools/drift.py", "--inventory", f"{state}/inventory"])
    assert done.returncode == 1, done.stdout + done.stderr
    assert [name for name, word in INSTALLED.items() if word not in done.stdout] == []


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
            *("--extra-vars", f"doctor_address={container.address(instance)}"),
        ],
        # Where there is no ansible.cfg that leads to the plugins of this repository.
        collection,
        ANSIBLE_COLLECTIONS_PATH=str(collection),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed=0" in done.stdout, done.stdout
