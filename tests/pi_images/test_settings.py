"""What the roles say, read for a bundle."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pi_images import settings
from pi_images.sources import sources
from tools.common.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    with pytest.raises(ToolError, match="holds no variables"):
        settings.given([tmp_path / "list.yml"])
    with pytest.raises(ToolError, match="cannot be read"):
        settings.given([tmp_path / "nowhere.yml"])


def test_a_bundle_has_what_the_roles_install() -> None:
    found = settings.packages(settings.given())
    assert {"docker.io", "python3-pyfuse3", "python3-libgpiod", "nftables", "age"} <= {*found}
    assert "gcc" not in found


def test_an_owners_packages_are_in_a_bundle(tmp_path: Path) -> None:
    file = tmp_path / "pi.yml"
    file.write_text("docker_packages: [docker-ce]\n")
    found = settings.packages(settings.given([file]))
    assert "docker-ce" in found
    assert "docker.io" not in found


def tasks(these: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give the tasks of a file, with those in blocks."""
    for task in these:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part, []))


def installed(role: Path) -> Iterator[object]:
    """Give what the tasks of a role hand to apt, as it is written there."""
    for path in sorted(role.glob("tasks/*.yml")):
        for task in tasks(yaml.safe_load(path.read_text())):
            apt = task.get("ansible.builtin.apt", {})
            if "name" in apt and apt.get("state") != "absent":
                yield apt["name"]


def named(value: object, variables: Mapping[str, Any]) -> set[str]:
    """Give the packages that are written in a value, or in variables of packages that it names."""
    if isinstance(value, (list, dict)):
        parts = value.values() if isinstance(value, dict) else value
        return {name for part in parts for name in named(part, variables)}
    if "{{" not in str(value):
        return {str(value)}
    words = [word for word in re.findall(r"\w+", str(value)) if "package" in word]
    return {name for word in words for name in named(variables.get(word, []), variables)}


def test_a_bundle_has_all_that_any_role_hands_to_apt() -> None:
    found = settings.given()
    bundled = {*settings.packages(found), *found["epd_driver_gratis_packages"]}
    for role in sorted(ROLES.iterdir()):
        own = role / "vars" / "main.yml"
        variables = {**found, **(settings.read(own) if own.exists() else {})}
        for name in installed(role):
            wanted = named(name, variables)
            assert wanted, f"{role.name}: what is {name}?"
            assert wanted <= bundled, f"{role.name}: {name}"


def test_both_lines_of_the_bridge_are_built_and_upstream_never() -> None:
    for line in ("simulated", "gpiochip", "upstream"):
        given = {**settings.given(), "pigpiod_line": line}
        assert [s.target for s in sources(given) if s.part == "pigpiod"] == [
            "gpiochip",
            "simulated",
        ]
