"""What the owner's computer sees of a Pi: what was changed there by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[3]
# A file of each kind that is installed, and the word by which a comparison names it.
INSTALLED = {
    "/usr/local/lib/inkstand/epdfuse/cli.py": "/usr/local/lib/inkstand/epdfuse: cli.py",
    "/usr/local/lib/inkstand-release/inkstand_release/gate.py": "inkstand_release/gate.py",
    "/usr/local/lib/inkstand/traefik/renew_certificate.py": "renew_certificate.py",
    "/usr/local/bin/epdfuse": "/usr/local/bin/epdfuse",
    "/etc/systemd/system/epd-fuse.service": "epd-fuse.service",
    "/etc/systemd/system/inkstand-certificate.timer": "inkstand-certificate.timer",
    "/etc/tmpfiles.d/epd-fuse.conf": "/etc/tmpfiles.d/epd-fuse.conf",
    "/etc/inkstand/app/inkstand.toml": "/etc/inkstand/app/inkstand.toml",
    "/etc/inkstand/app/secrets/password_hash": "secret ",
    "/etc/inkstand/release.json": "/etc/inkstand/release.json",
    "/etc/inkstand/traefik/config/traefik.yml": "traefik.yml",
    "/etc/inkstand/traefik/config/dynamic/inkstand.yml": "inkstand.yml",
}


@pytest.fixture
def edited(pi: Any) -> Iterator[None]:
    """One byte more in each of the files."""
    names = " ".join(INSTALLED)
    pi.check_output(f"tar --create --file /root/before.tar --absolute-names {names}")
    pi.check_output(f"for name in {names}; do printf '#' >> $name; done")
    yield
    pi.check_output("tar --extract --file /root/before.tar --absolute-names")


def test_one_byte_more_in_any_kind_of_file_is_drift(edited: None, state: Path) -> None:
    argv = [sys.executable, "tools/drift.py", "--inventory", f"{state}/inventory"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment = {**kept, "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(
        argv, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert [name for name, word in INSTALLED.items() if word not in done.stdout] == []
