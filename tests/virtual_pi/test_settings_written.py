"""Inventory, settings and secrets of a virtual Pi."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
import yaml

from tools.common.rootfs import built, key
from virtual_pi import credentials as credentials_module
from virtual_pi import deploy, inventory
from virtual_pi.settings import VirtualPi

if TYPE_CHECKING:
    from pathlib import Path

    from virtual_pi.credentials import Credentials

pytestmark = pytest.mark.unit


def fill(target: Path, text: str) -> None:
    target.write_text(text)


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*.yml")}


@pytest.fixture
def written(pi: VirtualPi, credentials: Credentials, tmp_path: Path) -> Path:
    archives = inventory.image_archives(tmp_path / "base.tar", tmp_path / "traefik.tar")
    settings = inventory.host_settings(pi, credentials, archives, None)
    inventory.write(pi, settings)
    return pi.inventory


def test_the_inventory_is_yaml_with_one_host_in_the_group(written: Path, pi: VirtualPi) -> None:
    hosts = yaml.safe_load((written / "hosts.yml").read_text())["inkstand"]["hosts"]
    assert list(hosts) == [pi.name]
    assert hosts[pi.name]["ansible_connection"] == "docker"


def test_the_settings_are_those_an_owner_writes(
    written: Path, pi: VirtualPi, credentials: Credentials
) -> None:
    settings = yaml.safe_load((written / "host_vars" / f"{pi.name}.yml").read_text())
    assert settings["app_password_hash"] == credentials.password_hash
    assert settings["docker_image_archives"][0]["image"] == "debian:trixie-slim"
    assert "docker_build_ca_bundle" not in settings


def test_the_doctor_comes_by_the_ports_that_are_published(
    credentials: Credentials, tmp_path: Path
) -> None:
    published = VirtualPi(https_port=8443, http_port=8080, state=tmp_path)
    found = inventory.host_settings(published, credentials, {}, None)
    assert (found["doctor_address"], found["doctor_https_port"]) == ("localhost", 8443)
    assert found["doctor_http_port"] == 8080
    hidden = VirtualPi(https_port=None, http_port=None, state=tmp_path)
    assert "doctor_address" not in inventory.host_settings(hidden, credentials, {}, None)


def test_all_packs_are_shown_with_example_data_when_that_is_asked_for(
    credentials: Credentials, tmp_path: Path
) -> None:
    shown = inventory.host_settings(VirtualPi(packs=True, state=tmp_path), credentials, {}, None)
    names = {screen["pack"] for screen in shown["app_screens"] if screen["example"]}
    assert names == {path.stem for path in inventory.PACKS.glob("*.toml")} >= {"weather", "text"}
    plain = inventory.host_settings(VirtualPi(state=tmp_path), credentials, {}, None)
    assert "app_screens" not in plain


def test_the_password_itself_is_not_among_the_settings(
    written: Path, pi: VirtualPi, credentials: Credentials
) -> None:
    assert credentials.password not in (written / "host_vars" / f"{pi.name}.yml").read_text()


def test_only_the_owner_can_read_it(written: Path, pi: VirtualPi) -> None:
    assert modes(pi.state) == {0o600}
    assert stat.S_IMODE(pi.state.stat().st_mode) == 0o700


def test_the_wiring_of_the_roles_is_that_of_every_inventory(written: Path) -> None:
    assert (written / "group_vars" / "all" / "wiring.yml").is_file()


def test_a_sites_ca_bundle_reaches_the_builds(pi: VirtualPi, credentials: Credentials) -> None:
    settings = inventory.host_settings(pi, credentials, {}, "/etc/ssl/site.pem")
    assert settings["docker_build_ca_bundle"] == "/etc/ssl/site.pem"


def test_secrets_are_made_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials_module, "hash_password", lambda _: "$argon2id$made-up")
    first = credentials_module.load_or_generate(tmp_path)
    assert credentials_module.load_or_generate(tmp_path) == first
    assert len(first.password) >= 12
    assert stat.S_IMODE((tmp_path / "credentials.json").stat().st_mode) == 0o600


def test_the_summary_names_all_and_no_command_holds_the_password(
    pi: VirtualPi, credentials: Credentials
) -> None:
    text = deploy.summary(pi, credentials)
    for wanted in (pi.url, str(pi.ca_file), credentials.username, credentials.password):
        assert wanted in text
    assert credentials.password not in text.split("Try next")[1]


def test_a_key_changes_with_each_of_its_parts() -> None:
    assert len({key(b"a", b"b"), key(b"ab"), key(b"b", b"a"), key(b"a")}) == 4


def test_an_interrupted_build_leaves_nothing_that_looks_done(tmp_path: Path) -> None:
    def interrupted(target: Path) -> None:
        target.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        built(tmp_path / "x.tar", interrupted)
    assert not (tmp_path / "x.tar").exists()
    assert built(tmp_path / "x.tar", lambda target: fill(target, "whole"))
    assert (tmp_path / "x.tar").read_text() == "whole"


def test_what_is_built_is_not_built_again(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_text("there")
    assert not built(tmp_path / "x.tar", lambda target: fill(target, "again"))
    assert (tmp_path / "x.tar").read_text() == "there"
