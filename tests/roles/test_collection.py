"""The roles as a collection, and each of them alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
APPLIANCE = ("docker", "epd_driver", "pigpiod", "app", "traefik")
ROLES = sorted(folder.name for folder in (ROOT / "roles").iterdir() if folder.is_dir())
# What the settings need that have no default. Any Debian will do: nothing is changed.
SETTINGS = {
    "traefik_host": "mac.example.com",
    "app_password_hash": f"$argon2id$v=19$m=19456,t=2,p=1${'c2FsdHNhbHQ' * 2}${'aGFzaGhhc2g' * 3}",
    "ansible_python_interpreter": sys.executable,
    "__docker_release": 1,
}


# What an owner, programs and editors leave in a checkout.
OF_THE_OWNER = (
    ".benchmarks/results.json",
    ".virtual-pi-2/credentials.json",
    ".vault-password",
    "backups/pi/inkstand-2026-11-28.tar.gz.age",
    "backup.key",
    "host_vars/pi.yml",
    "inkstand-arm64.tar",
    "inventory/group_vars/all/backup.yml",
    "inventory/host_vars/pi.yml",
    "inventory/production/hosts.yml",
    "images/app/src/inkstand/__pycache__/app.cpython-311.pyc",
    "images/app/src/inkstand.egg-info/PKG-INFO",
    "roles/app/tasks/main.yml.orig",
    "virtual_pi_arm64/machine.json",
)


@dataclass(frozen=True)
class Collection:
    """A collection that was built, and the directory where it is installed."""

    archive: Path
    place: Path

    def play(self, plays: object, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook, with this collection and without this repository."""
        playbook = self.place / "playbook.yml"
        playbook.write_text(json.dumps(plays))
        argv = [_program("ansible-playbook"), "-i", "localhost,", str(playbook), *options]
        environment = {**_environment(), "ANSIBLE_COLLECTIONS_PATH": str(self.place)}
        return subprocess.run(
            [*argv, "-e", json.dumps(SETTINGS)],
            cwd=self.place,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return {**kept, "ANSIBLE_NOCOLOR": "1"}


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _run(argv: list[str]) -> None:
    subprocess.run(argv, env=_environment(), check=True, capture_output=True)


def _sources() -> list[str]:
    listed = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    known = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.splitlines()
    return [name for name in known if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository as an owner's computer has it after a year."""
    place = tmp_path_factory.mktemp("checkout")
    for name in _sources():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place / name)
    for name in OF_THE_OWNER:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("secret")
    return place


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Collection:
    place = tmp_path_factory.mktemp("collection")
    galaxy = [_program("ansible-galaxy"), "collection"]
    _run([*galaxy, "build", "--output-path", str(place), str(checkout)])
    archive = next(place.glob("inkstand-appliance-*.tar.gz"))
    _run([*galaxy, "install", "--no-deps", "--collections-path", str(place), str(archive)])
    return Collection(archive, place)


def test_it_holds_nothing_but_the_product(collection: Collection) -> None:
    with tarfile.open(collection.archive) as archive:
        files = {member.name for member in archive if member.isfile()}
    own = {"FILES.json", "MANIFEST.json"}
    assert files - own - set(_sources()) == set()
    assert {name for name in files if name.startswith("inventory/")} == {
        "inventory/group_vars/all/wiring.yml"
    }
    tops = {name.split("/")[0] for name in files}
    assert {"roles", "plugins", "images", "driver", "host", "README.md", "LICENSE"} <= tops
    assert tops & {"tests", "molecule", "tools", "virtual_pi", "host_vars"} == set()
    assert not [name for name in files if "/tests/" in name]


def test_its_roles_find_their_plugins_and_sources(collection: Collection) -> None:
    """The names of images are hashes that a lookup makes of sources in the collection."""
    roles = [
        {"name": f"inkstand.appliance.{role}", "tasks_from": "preflight"} for role in APPLIANCE
    ]
    tasks = [{"ansible.builtin.import_role": role} for role in roles]
    names = {"ansible.builtin.debug": {"var": "[__app_image, __traefik_image, __pigpiod_image]"}}
    play = {"hosts": "localhost", "connection": "local", "gather_subset": ["min"]}
    done = collection.play([{**play, "tasks": [*tasks, names]}])
    assert done.returncode == 0, done.stdout + done.stderr
    for image in ("app", "traefik", "pigpiod"):
        assert f"inkstand/{image}:" in done.stdout


def test_each_role_can_be_used_alone(collection: Collection) -> None:
    plays = [{"hosts": "localhost", "roles": [f"inkstand.appliance.{role}"]} for role in ROLES]
    done = collection.play(plays, "--list-tasks")
    assert done.returncode == 0, done.stdout + done.stderr
    _, *listed = done.stdout.split("\n  play #")
    assert len(listed) == len(ROLES)
    for role, tasks in zip(ROLES, listed, strict=True):
        assert f"inkstand.appliance.{role} : " in tasks


def test_its_roles_name_their_lookups_in_full() -> None:
    """In a collection a short name finds nothing, in a template no more than in tasks."""
    ours = "|".join(file.stem for file in (ROOT / "plugins" / "lookup").glob("*.py"))
    short = re.compile(rf"(?:lookup|query|q)\(['\"](?:{ours})['\"]")
    places = [f for f in (ROOT / "roles").rglob("*") if f.suffix in {".yml", ".j2"}]
    assert [str(file) for file in places if short.search(file.read_text())] == []


@pytest.mark.parametrize("role", ROLES)
def test_each_role_says_what_it_is(role: str) -> None:
    meta = yaml.safe_load((ROOT / "roles" / role / "meta" / "main.yml").read_text())
    assert meta["galaxy_info"]["role_name"] == role
    assert meta["galaxy_info"]["namespace"] == "inkstand"
    assert (ROOT / "roles" / role / "README.md").exists()
