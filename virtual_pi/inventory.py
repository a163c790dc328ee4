"""The inventory and the settings with which the playbook deploys to a virtual Pi."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.common.paths import BASE_IMAGE, ROOT, TRAEFIK_IMAGE
from virtual_pi.credentials import make_private, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping

    from virtual_pi.credentials import Credentials
    from virtual_pi.settings import VirtualPi

# A container sees the device tree of the machine that it runs on, and has none of its pins.
BOARD = Path("/proc/device-tree/model")
PACKS = ROOT / "images/app/src/inkstand/packs/shipped"
HEADER = "# Written by `python -m virtual_pi`; changes are lost at its next run.\n"


def yaml(settings: Mapping[str, Any]) -> str:
    """Write settings as YAML, a line each: a value in JSON is a value in YAML."""
    lines = (f"{name}: {json.dumps(value)}\n" for name, value in settings.items())
    return f"---\n{HEADER}{''.join(lines)}"


def hosts(pi: VirtualPi) -> str:
    """Write the inventory: one host, reached through the local engine as the user `pi`."""
    host = {
        # By its short name, by which the strategy `swift` knows it.
        "ansible_connection": "docker",
        "ansible_user": pi.user,
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    return document(pi, host)


def document(pi: VirtualPi, host: Mapping[str, Any]) -> str:
    """Write an inventory of one host, reached as `host` says."""
    group = {"hosts": {pi.name: dict(host)}, "vars": {"ansible_become": True}}
    return yaml({"inkstand": group})


def host_settings(
    pi: VirtualPi, secrets: Credentials, archives: Mapping[str, Path], ca_bundle: str | None
) -> dict[str, Any]:
    """Give the settings of this virtual Pi, as an owner would write them into host_vars."""
    settings: dict[str, Any] = {
        "app_username": secrets.username,
        "app_password_hash": secrets.password_hash,
        "traefik_host": "localhost",
        "traefik_extra_names": ["127.0.0.1"],
        "traefik_https_public_port": pi.https_port or 443,
        # Browsers would remember it for every port of localhost.
        "traefik_hsts_seconds": 0,
        # A container has the clock of this machine, and no say in it.
        "app_time_source": "none",
        "epd_driver_simulated_timing": pi.simulated_timing,
        "docker_image_archives": [
            {"path": os.fspath(path), "image": image} for image, path in archives.items()
        ],
    }
    if BOARD.exists():
        settings |= {"epd_driver_bus": "simulated", "pigpiod_line": "simulated"}
    if pi.packs:
        settings["app_screens"] = example_screens()
    if ca_bundle:
        settings["docker_build_ca_bundle"] = ca_bundle
    if pi.https_port:
        settings |= {"doctor_address": "localhost", "doctor_https_port": pi.https_port}
    if pi.http_port:
        settings["doctor_http_port"] = pi.http_port
    return settings


def example_screens() -> list[dict[str, Any]]:
    """Give app_screens with every pack that ships, each with the data of its example."""
    names = sorted(path.stem for path in PACKS.glob("*.toml"))
    return [{"name": name, "pack": name, "example": True} for name in names]


def image_archives(base: Path, traefik: Path) -> dict[str, Path]:
    """Name the archives after the images they hold."""
    return {BASE_IMAGE: base, TRAEFIK_IMAGE: traefik}


def write(pi: VirtualPi, settings: Mapping[str, Any], inventory: str = "") -> None:
    """Write the inventory of a virtual Pi, by default of a container, into its state directory."""
    make_private(pi.state)
    folder = pi.inventory
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "host_vars").mkdir(parents=True)
    write_private(folder / "hosts.yml", inventory or hosts(pi))
    write_private(folder / "host_vars" / f"{pi.name}.yml", yaml(settings))
    # One role's values feed another's by these, for a virtual Pi as for any other.
    (folder / "group_vars").symlink_to(ROOT / "inventory" / "group_vars")
