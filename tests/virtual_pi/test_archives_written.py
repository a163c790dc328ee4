"""The image archives that are written without an engine."""

from __future__ import annotations

import hashlib
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from tools.common import archives

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    path = tmp_path / "layer.tar"
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("hello"))
    return path


@pytest.fixture
def image(layer: Path, tmp_path: Path) -> Path:
    archives.write_image(tmp_path / "image.tar", layer, "name:tag", {"Cmd": ["hello"]})
    return tmp_path / "image.tar"


def read(path: Path, name: str) -> bytes:
    with tarfile.open(path) as archive:
        content = archive.extractfile(name)
        assert content
        return content.read()


def test_the_id_is_the_hash_of_the_configuration(image: Path) -> None:
    name = json.loads(read(image, "manifest.json"))[0]["Config"]
    assert archives.image_id(image) == f"sha256:{hashlib.sha256(read(image, name)).hexdigest()}"


def test_the_configuration_names_its_layer_by_content(image: Path, layer: Path) -> None:
    manifest = json.loads(read(image, "manifest.json"))[0]
    configuration = json.loads(read(image, manifest["Config"]))
    digest = hashlib.sha256(layer.read_bytes()).hexdigest()
    assert configuration["rootfs"]["diff_ids"] == [f"sha256:{digest}"]
    assert read(image, manifest["Layers"][0]) == layer.read_bytes()
    assert configuration["config"] == {"Cmd": ["hello"]}


def test_an_image_may_be_for_another_machine(layer: Path, tmp_path: Path) -> None:
    target = tmp_path / "arm.tar"
    machine = {"architecture": "arm", "variant": "v7"}
    archives.write_image(target, layer, "name:tag", platform_of=machine)
    manifest = json.loads(read(target, "manifest.json"))[0]
    configuration = json.loads(read(target, manifest["Config"]))
    assert (configuration["architecture"], configuration["variant"]) == ("arm", "v7")


def test_the_name_is_read_back(image: Path) -> None:
    assert archives.image_name(image) == "name:tag"


def test_the_same_layer_gives_the_same_bytes(image: Path, layer: Path, tmp_path: Path) -> None:
    archives.write_image(tmp_path / "again.tar", layer, "name:tag", {"Cmd": ["hello"]})
    assert (tmp_path / "again.tar").read_bytes() == image.read_bytes()


@pytest.mark.parametrize(("machine", "name"), [("x86_64", "amd64"), ("aarch64", "arm64")])
def test_architectures_have_dockers_names(machine: str, name: str) -> None:
    assert archives.architecture(machine) == name


def test_the_traefik_layer_has_the_binary_where_the_official_image_has_it(tmp_path: Path) -> None:
    binary, bundle = tmp_path / "binary", tmp_path / "bundle"
    binary.write_bytes(b"\x7fELF")
    bundle.write_text("certificates")
    archives.write_traefik_layer(tmp_path / "layer.tar", binary, bundle)
    with tarfile.open(tmp_path / "layer.tar") as found:
        member = found.getmember("usr/local/bin/traefik")
        assert (member.mode, member.uid) == (0o755, 0)
        assert "etc/ssl/certs/ca-certificates.crt" in found.getnames()
