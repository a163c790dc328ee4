"""What the Pi has came out of the bundle, and its own settings are as they were."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tools.common.commands import run
from tools.common.paths import ROOT
from virtual_pi import testing

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def bundle() -> Path:
    return Path(os.environ["INKSTAND_BUNDLE"])


def manifest(path: Path) -> dict[str, Any]:
    with tarfile.open(path) as archive:
        content = archive.extractfile("manifest.json")
        assert content
        found: dict[str, Any] = json.load(content)
        return found


def checked(bundle: Path) -> str:
    """Run what checks settings before anything changes, and give what it says."""
    inventory = f"{os.environ['INKSTAND_INSTANCE_STATE']}/inventory"
    given = json.dumps({"docker_bundle": str(bundle), "docker_image_archives": []})
    options = ("-i", inventory, "--tags", "always", "-e", given)
    return testing.play(ROOT / "playbook.yml", *options).words


def ask_engine(*argv: str) -> str:
    """Ask the engine of this machine, not that of the Pi."""
    return run(["docker", *argv]).strip()


def test_there_is_no_way_to_the_internet(pi: Any, instance: str) -> None:
    template = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}"
    network = ask_engine("inspect", "--format", template, instance)
    assert ask_engine("network", "inspect", "--format", "{{.Internal}}", network) == "true"
    assert pi.run("getent hosts example.com").rc != 0


def test_the_images_are_those_of_the_bundle(pi: Any, bundle: Path) -> None:
    known = {image["id"]: image["name"] for image in manifest(bundle)["images"]}
    for container in ("inkstand-app", "inkstand-pigpiod", "inkstand-traefik"):
        running = pi.check_output("docker inspect --format {{.Image}} %s", container)
        assert known[running].startswith(f"inkstand/{container.removeprefix('inkstand-')}:")


def test_the_packages_are_those_of_the_bundle(pi: Any, bundle: Path) -> None:
    listed = {line.rpartition(" ")[0] for line in manifest(bundle)["packages"]}
    for name in ("docker.io", "docker-cli", "python3-pyfuse3", "python3-cryptography"):
        shown = pi.check_output("dpkg-query --show --showformat '${Package} ${Version}' %s", name)
        assert shown in listed


def test_every_part_has_a_checksum(bundle: Path) -> None:
    parts = manifest(bundle)["parts"]
    assert parts.keys() == {"images.tar.gz", "packages.tar"}
    assert all(len(part["sha256"]) == 64 and part["bytes"] > 1e6 for part in parts.values())


def test_the_settings_of_apt_are_as_they_were(pi: Any) -> None:
    assert pi.run("grep -r inkstand /etc/apt").rc == 1


def test_the_archives_are_not_left_behind(pi: Any) -> None:
    assert pi.check_output("ls /var/tmp | grep inkstand || true") == ""


@pytest.fixture
def foreign(bundle: Path, tmp_path: Path) -> Path:
    """A bundle that says it is for another architecture."""
    path = tmp_path / "foreign.tar"
    content = json.dumps({**manifest(bundle), "architecture": "armel"}).encode()
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return path


def test_a_bundle_for_another_architecture_is_refused(foreign: Path) -> None:
    said = checked(foreign)
    assert "is for armel, and" in said
    assert "make image-bundle ARCH=" in said


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.tar"
    path.write_text("not a tar")
    assert "is no bundle of Inkstand" in checked(path)
    assert "No such file" in checked(tmp_path / "nowhere.tar")
