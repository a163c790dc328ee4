"""What the roles say, read for a bundle."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pi_images import settings
from pi_images.sources import sources
from virtual_pi.errors import VirtualPiError

pytestmark = pytest.mark.unit

ROLES = Path(__file__).resolve().parents[2] / "roles"


def test_an_owners_file_takes_the_place_of_defaults(tmp_path: Path) -> None:
    file = tmp_path / "pi.yml"
    file.write_text("pigpiod_line: gpiochip\napp_password_hash: !vault |\n  $ANSIBLE_VAULT;1.1\n")
    found = settings.given([file])
    assert found["pigpiod_line"] == "gpiochip"
    assert found["app_base_image"] == "debian:trixie-slim"


def test_what_holds_no_settings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.yml").write_text("- one\n")
    with pytest.raises(VirtualPiError, match="holds no variables"):
        settings.given([tmp_path / "list.yml"])
    with pytest.raises(VirtualPiError, match="cannot be read"):
        settings.given([tmp_path / "nowhere.yml"])


def test_a_bundle_has_what_the_roles_install() -> None:
    found = settings.packages(settings.given())
    assert {"docker.io", "python3-pyfuse3", "python3-libgpiod", "python3-cryptography"} <= {*found}
    assert "gcc" not in found


def test_an_owners_packages_are_in_a_bundle(tmp_path: Path) -> None:
    file = tmp_path / "pi.yml"
    file.write_text("docker_packages: [docker-ce]\n")
    found = settings.packages(settings.given([file]))
    assert "docker-ce" in found
    assert "docker.io" not in found


def test_roles_install_by_variables_that_a_bundle_finds() -> None:
    for path in sorted(ROLES.glob("*/tasks/*.yml")):
        for task in yaml.safe_load(path.read_text()) or []:
            apt = task.get("ansible.builtin.apt", {})
            name = apt.get("name", "{{ x_packages }}")
            if apt.get("state") == "absent":
                continue
            assert re.match(r"^\{\{ [a-z_]+_packages?\b.* \}\}$", str(name)), f"{path}: {name}"


def test_both_lines_of_the_bridge_are_built_and_upstream_never() -> None:
    for line in ("simulated", "gpiochip", "upstream"):
        given = {**settings.given(), "pigpiod_line": line}
        assert [s.target for s in sources(given) if s.part == "pigpiod"] == [
            "gpiochip",
            "simulated",
        ]
