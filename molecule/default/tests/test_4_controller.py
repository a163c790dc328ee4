"""What the owner's computer sees of a Pi: what was changed there by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from virtual_pi import testing

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[3]
# A file of each kind that is installed, and the word by which a comparison names it.
INSTALLED = {
    "/usr/local/lib/inkstand/epdfuse/cli.py": "/usr/local/lib/inkstand/epdfuse: cli.py",
    "/usr/local/lib/inkstand-host/inkstand_host/release/gate.py": "inkstand_host/release/gate.py",
    "/usr/local/lib/inkstand/traefik/renew_certificate.py": "renew_certificate.py",
    "/usr/local/bin/epdfuse": "/usr/local/bin/epdfuse",
    "/etc/systemd/system/epd-fuse.service": "epd-fuse.service",
    "/etc/systemd/system/inkstand-certificate.timer": "inkstand-certificate.timer",
    "/etc/tmpfiles.d/epd-fuse.conf": "/etc/tmpfiles.d/epd-fuse.conf",
    "/etc/inkstand/app/inkstand.toml": "/etc/inkstand/app/inkstand.toml",
    "/etc/inkstand/app/secrets/password_hash": "secret ",
    "/usr/local/sbin/inkstand-host": "/usr/local/sbin/inkstand-host",
    "/etc/inkstand/release.json": "/etc/inkstand/release.json",
    "/etc/inkstand-host.json": "/etc/inkstand-host.json",
    "/etc/inkstand/traefik/config/traefik.yml": "traefik.yml",
    "/etc/inkstand/traefik/config/dynamic/inkstand.yml": "inkstand.yml",
}
# What a version before may have left in directories of programs, and the words that name it.
SUPERFLUOUS = {
    "/usr/local/lib/inkstand/epdfuse/before.py": "/usr/local/lib/inkstand/epdfuse: before.py",
    "/usr/local/lib/inkstand-host/before.py": "/usr/local/lib/inkstand-host: before.py",
}
KEPT_CERTIFICATE = "/etc/inkstand/traefik/ca/certificate.pem"
REQUESTS = "/usr/lib/python3/dist-packages/requests"


@pytest.fixture
def edited(pi: Any) -> Iterator[None]:
    """One byte more in each of the files, and some files more."""
    names, more = " ".join(INSTALLED), " ".join(SUPERFLUOUS)
    pi.check_output(f"touch {more}")
    pi.check_output(f"tar --create --file /root/before.tar --absolute-names {names}")
    pi.check_output(f"for name in {names}; do printf '#' >> $name; done")
    yield
    pi.check_output(f"rm {more}")
    pi.check_output("tar --extract --file /root/before.tar --absolute-names")


@pytest.fixture
def without_requests(pi: Any) -> Iterator[None]:
    """The engine is there, and what Ansible asks it with is not."""
    pi.check_output(f"mv {REQUESTS} {REQUESTS}.away")
    yield
    pi.check_output(f"mv {REQUESTS}.away {REQUESTS}")


def test_one_byte_more_in_any_kind_of_file_is_drift(edited: None, state: Path) -> None:
    argv = [sys.executable, "tools/drift.py", "--inventory", f"{state}/inventory"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment = {**kept, "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(
        argv, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stdout + done.stderr
    named = INSTALLED | SUPERFLUOUS
    assert [name for name, word in named.items() if word not in done.stdout] == []


def test_check_mode_is_true_where_the_engine_cannot_be_asked(
    without_requests: None, state: Path
) -> None:
    given = ("-i", f"{state}/inventory", "--check", "--tags", "docker,traefik")
    told = testing.play(ROOT / "playbook.yml", *given)
    assert (told.status, told.changed) == (0, 0), told.output
    assert "cannot be told before it has installed python3-requests" in told.closing


def test_who_is_logged_in_at_the_pi_needs_no_other_computer(pi: Any) -> None:
    looked = pi.run("inkstand-host doctor --json")
    assert looked.rc == 0, looked.stderr
    levels = {it["what"]: it["level"] for it in json.loads(looked.stdout)["findings"]}
    assert {levels[it] for it in ("epd-fuse", "inkstand-app: image", "app: health")} == {"ok"}
    told = json.loads(pi.check_output("inkstand-host release status --json"))
    assert told["release"] != ""
    assert told["open"] == ""


def test_what_the_pi_makes_by_itself_meanwhile_is_no_new_release(pi: Any) -> None:
    """The first look at the certificate keeps a copy of it, some time in the first hour."""
    release = "inkstand-host release --json"
    pi.check_output(f"rm -f {KEPT_CERTIFICATE}")
    assert json.loads(pi.check_output(f"{release} begin"))["verdict"] == "begun"
    pi.check_output("systemctl start inkstand-certificate@renew.service")
    assert pi.file(KEPT_CERTIFICATE).exists
    assert json.loads(pi.check_output(f"{release} switch"))["verdict"] == "unchanged"
