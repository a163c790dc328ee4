"""What the roles write is in the snapshot of a release, or is named here with a reason."""

from __future__ import annotations

import fnmatch
import functools
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
WIRING = "inventory/group_vars/all/wiring.yml"
# What is no file of a release, wherever a role puts it.
NO_FILES = {
    "/var": "state, records and scratch: a way back keeps what people wrote",
    "/run": "gone at the next start",
    "/dev": "nodes of devices",
}
LEFT_OUT = {
    "/etc/fuse.conf": "one line that programs of others need too; every release wants the same",
    "/boot/firmware/config.txt": "read by the firmware; every release wants the same",
    "/boot/firmware/cmdline.txt": "as config.txt",
    "/etc/inkstand/release.json": "comes back with each release as settings.json of the snapshot",
    "/usr/local/lib/inkstand-host": "what goes from release to release",
    "/usr/local/sbin/inkstand-host": "as its program",
    "/etc/inkstand-host.json": "as its program",
    "/etc/systemd/system/inkstand-release*": "its units",
    "/etc/systemd/system/*.wants/inkstand-release*": "its units",
    "/etc/systemd/system/inkstand-updates*": "as its program",
    "/etc/systemd/system/*.wants/inkstand-updates*": "as its program",
    "/etc/systemd/system/*.wants/docker.*": "a package of Debian",
    "/etc/systemd/system/*.wants/avahi-daemon.service": "a package of Debian",
    # The role hardening comes after the switch, and what it closes a way back must not open.
    "/etc/inkstand/hardening": "hardening",
    "/etc/systemd/system/inkstand-firewall.service": "hardening",
    "/etc/systemd/system/*.wants/inkstand-firewall.service": "hardening",
    "/etc/ssh/sshd_config.d/00-inkstand.conf": "hardening",
    "/etc/apt/apt.conf.d/52inkstand-unattended-upgrades": "hardening",
    "/etc/systemd/journald.conf.d/inkstand.conf": "hardening",
    "/etc/systemd/system.conf.d/inkstand-watchdog.conf": "hardening",
    "/etc/systemd/zram-generator.conf.d/inkstand.conf": "hardening",
}
WRITES = (
    *("copy", "template", "unarchive", "blockinfile", "lineinfile", "replace", "get_url", "git"),
    *("openssl_privatekey", "x509_certificate", "x509_crl"),
)
# What is known on a Pi only.
FACTS = {
    "ansible_facts": {"architecture": "aarch64", "userspace_bits": "64"},
    "ansible_check_mode": False,
    "__epd_driver_boot_file": "/boot/firmware/config.txt",
    "__epd_driver_pi": {"boot_command_line": "/boot/firmware/cmdline.txt"},
    "__docker_bundle": {"id": "1"},
    "__inkstand_host_brought": {"path": "/var/tmp/inkstand-host-1"},
    "__traefik_interfaces": {"files": [{"path": "/sys/class/net/eth0"}]},
    "traefik_host": "pi.example",
    "app_password_hash": "",
    "app_token_secret": "",
    "__hardening_files": trust_as_template("{{ __hardening_all_files }}"),
}


@functools.cache
def read(path: str) -> Any:
    return DataLoader().load_from_file(str(ROOT / path), trusted_as_template=True)


def below(tasks: list[Any]) -> Iterator[dict[str, Any]]:
    for task in tasks:
        yield task
        for part in ("block", "rescue", "always"):
            yield from below(task.get(part, []))


def roles() -> set[str]:
    """Return the roles that the playbook runs."""
    plays = [play for play in read("playbook.yml") if "tasks" in play]
    tasks = (task for play in plays for task in below(play["tasks"]))
    imported = (task.get("ansible.builtin.import_role") for task in tasks)
    return {role["name"] for role in imported if role}


def variables(role: str, tls: str) -> dict[str, Any]:
    folder = f"roles/{role}"
    given = [read(WIRING), read(f"{folder}/defaults/main.yml"), read(f"{folder}/vars/main.yml")]
    known = {"role_path": str(ROOT / folder), "traefik_tls": tls, "ansible_collection_name": ""}
    return {name: it for part in [*reversed(given), FACTS, known] for name, it in part.items()}


def written_by(task: dict[str, Any]) -> str:
    """Return the path that a task writes to, or with `enabled` the link; empty for none."""
    if task.get("delegate_to") == "localhost":
        return ""
    for module, told in task.items():
        name = module.rpartition(".")[2]
        if name in WRITES:
            return str(told.get("dest") or told["path"])
        if name == "systemd_service" and told.get("enabled"):
            return f"/etc/systemd/system/any.wants/{told['name']}"
    return ""


def destinations(role: str, tls: str) -> Iterator[str]:
    """Give the path of each file that a role writes to a Pi."""
    known = variables(role, tls)
    for file in sorted((ROOT / "roles" / role / "tasks").glob("*.yml")):
        if file.stem in ("remove", "unwatch", "back", "abort", "units_absent"):
            continue
        for task in below(read(str(file.relative_to(ROOT)))):
            if path := written_by(task):
                loop = Templar(variables=known).template(task.get("loop", [""]))
                for item in loop:
                    yield str(
                        Templar(variables={**known, "item": item}).template(trust_as_template(path))
                    )


def covers(pattern: str, path: str) -> bool:
    """Tell whether a pattern names a path, or a directory above it."""
    file = PurePosixPath(path)
    return any(it.match(pattern) for it in [file, *file.parents])


@pytest.fixture(scope="module")
def written() -> set[str]:
    kinds = ("local_ca", "letsencrypt", "provided")
    found = {it for role in roles() for tls in kinds for it in destinations(role, tls)}
    return {path for path in found if not any(covers(it, path) for it in NO_FILES)}


@pytest.fixture(scope="module")
def kept(written: set[str]) -> set[str]:
    """Return what of it the snapshot holds."""
    wiring = read(WIRING)
    ours = read("roles/release/vars/main.yml")
    patterns = [*wiring["release_files"], *ours["__release_driver_files"]]
    out = [it[1:] for it in patterns if it.startswith("!")]
    named = {path for path in written for it in patterns if covers(it, path)}
    return {path for path in named if not any(fnmatch.fnmatchcase(path, it) for it in out)}


def test_what_a_role_writes_is_in_the_snapshot_or_left_out_for_a_reason(
    written: set[str], kept: set[str]
) -> None:
    missing = written - kept
    assert {path for path in missing if not any(covers(it, path) for it in LEFT_OUT)} == set()


def test_a_reason_to_leave_out_is_of_a_file_that_is_written_and_not_kept(
    written: set[str], kept: set[str]
) -> None:
    left_out = written - kept
    assert {it for it in LEFT_OUT if not any(covers(it, path) for path in left_out)} == set()


@pytest.mark.parametrize(
    "path",
    [
        "/etc/avahi/services/inkstand.service",
        "/etc/inkstand/app/secrets/password_hash",
        "/etc/systemd/system/avahi-daemon.service.d/inkstand.conf",
        "/etc/systemd/system/inkstand-acme@.service",
        "/etc/systemd/system/any.wants/inkstand-certificate.timer",
        "/etc/systemd/system/epd-fuse.service",
        "/usr/local/bin/epdfuse",
        "/usr/local/lib/inkstand/traefik/renew_certificate.py",
    ],
)
def test_files_are_found_in_the_roles(path: str, kept: set[str]) -> None:
    assert path in kept
