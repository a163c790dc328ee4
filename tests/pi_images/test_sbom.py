"""The bill of materials of an image is CycloneDX, and names what is in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from pi_images import bundle, engine, sbom
from tools.common.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = pytest.mark.unit

DPKG = """\
debian 13
adduser 3.152 all adduser
libssl3t64 3.5.4-1~deb13u2 amd64 openssl
"""
TRAEFIK = """\
Version:      3.7.15
Codename:     mimolette
Go version:   go1.25
OS/Arch:      linux/amd64
"""
PURL = "pkg:deb/debian/libssl3t64@3.5.4-1~deb13u2?arch=amd64&distro=debian-13&upstream=openssl"


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """An engine that has every image, and what it was told to run."""
    ran: list[Sequence[str]] = []

    def run(argv: Sequence[str]) -> str:
        ran.append(argv)
        return TRAEFIK if "version" in argv else DPKG

    monkeypatch.setattr(sbom, "run", run)
    monkeypatch.setattr(engine, "image_id", lambda _: "sha256:1")
    return ran


def fault_of(document: str) -> object:
    """Return what the schema says against it."""
    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(document)


def test_it_is_what_the_schema_allows(docker: object, tmp_path: Path) -> None:
    for image in ("inkstand/app:ab-amd64", "inkstand/traefik:cd-amd64"):
        assert fault_of(sbom.write(image, tmp_path).read_text()) is None


def test_the_schema_allows_not_everything(docker: object, tmp_path: Path) -> None:
    document = json.loads(sbom.write("inkstand/app:ab-amd64", tmp_path).read_text())
    del document["components"][0]["name"]
    assert fault_of(json.dumps(document)) is not None


def test_packages_are_named_as_scanners_look_for_them(docker: object, tmp_path: Path) -> None:
    path = sbom.write("inkstand/app:ab-amd64", tmp_path)
    assert path.name == "inkstand-app-ab-amd64.cdx.json"
    document = json.loads(path.read_text())
    assert {it.get("purl", it["name"]) for it in document["components"]} == {
        "debian",
        "pkg:deb/debian/adduser@3.152?arch=all&distro=debian-13&upstream=adduser",
        PURL,
    }
    whole = document["metadata"]["component"]
    assert (whole["name"], whole["version"]) == ("inkstand/app", "ab-amd64")


def test_traefik_is_named_in_its_version(docker: object, tmp_path: Path) -> None:
    document = json.loads(sbom.write("inkstand/traefik:cd-amd64", tmp_path).read_text())
    assert [it["purl"] for it in document["components"]] == ["pkg:generic/traefik@3.7.15"]


def test_the_same_image_has_the_same_number(docker: object, tmp_path: Path) -> None:
    first, second = (
        json.loads(sbom.write("inkstand/app:ab-amd64", tmp_path).read_text()) for _ in range(2)
    )
    assert first["serialNumber"] == second["serialNumber"]


def test_nothing_that_runs_in_an_image_has_a_network_or_is_root(
    docker: list[Sequence[str]], tmp_path: Path
) -> None:
    sbom.write("inkstand/pigpiod:ab-amd64", tmp_path)
    assert {"--network=none", "--user=65534", "--rm"} <= set(docker[0])


def test_what_cannot_be_built_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise ToolError("No engine.", todo="Start it.")

    monkeypatch.setattr(bundle, "build_images", fail)
    assert sbom.main(["--arch", "arm64"]) == 1
    assert "No engine." in capsys.readouterr().err
