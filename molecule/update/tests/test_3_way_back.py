"""The way back brings all that a release is: its names, its certificates, its units."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

UNITS = ("inkstand-ca.socket", "inkstand-certificate.timer")
# Where roles write, and what no release has: the program that changes releases, with its
# settings, which are kept beside each; the timer that has it look for updates; the door, which is
# open or closed; and what the Pi makes of its certificate by itself.
PLACES = re.compile(r"/usr/local/.+|/etc/inkstand/.+|/etc/.*(inkstand|epd).*")
ELSEWHERE = re.compile(
    r".*inkstand-(release|host|updates).*|/etc/inkstand/release.json|.*/dynamic/release.yml|.*__pycache__.*"
    r"|/usr/local/lib/python3.*|/etc/inkstand/traefik/config/tls/acme-.*"
    r"|/etc/inkstand/traefik/ca/certificate.pem"
)


@pytest.fixture
def certificate(tmp_path: Path) -> list[str]:
    """Settings with a certificate of the owner's own, for all names of the virtual Pi."""
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "90", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", chain], check=True, capture_output=True)
    given = {"traefik_tls": "provided", "traefik_certificate_path": chain, "traefik_key_path": key}
    return ["-e", json.dumps(given, default=str)]


def active(pi: Any) -> list[str]:
    told = {unit: pi.shell("systemctl", "is-active", unit, check=False) for unit in UNITS}
    return [unit for unit in UNITS if told[unit] == "active"]


def authority(owner: Any) -> bytes:
    """Return what is served as the certificate of the own authority."""
    url = f"http://{owner.address}/ca.pem"
    answer = urllib3.request("GET", url, headers={"Host": "localhost"}, redirect=False)
    return answer.data if answer.status == 200 else b""


def test_what_roles_write_on_the_pi_belongs_to_the_release(
    release: Any, pi: Any, name: str
) -> None:
    """Compared with what the engine says has changed in the container since it was made."""
    assert release.play("update.yml", "--tags", "app", "-e", "app_title=Kept").status == 0
    record = pi.shell("cat", "/var/lib/inkstand-releases/previous/release.json")
    known = set(json.loads(record)["files"])
    changed = subprocess.run(["docker", "diff", name], check=True, capture_output=True, text=True)
    ours = [line[2:] for line in changed.stdout.splitlines() if PLACES.fullmatch(line[2:])]
    of_release = [path for path in ours if not ELSEWHERE.fullmatch(path)]
    files = pi.shell("find", *of_release, "-maxdepth", "0", "!", "-type", "d").splitlines()
    assert len(files) > 50
    assert sorted(set(files) - known) == []


def programs_and_units(pi: Any) -> dict[str, str]:
    """Return a hash of each program of ours and of each unit, by path."""
    argv = ["find", "/usr/local", "/etc/systemd/system", "-type", "f"]
    lines = pi.shell(*argv, "!", "-name", "*.pyc", "-exec", "sha256sum", "{}", "+").splitlines()
    return {path: digest for digest, _, path in (line.partition("  ") for line in lines)}


def test_a_program_and_its_unit_come_back_together(release: Any, pi: Any) -> None:
    before = programs_and_units(pi)
    unit, program = "certificate.service.j2", "renew_certificate.py"
    release.edit(f"roles/traefik/templates/{unit}", "UMask=0077\n", "UMask=0077\n# Another.\n")
    file = release.folder / "roles" / "traefik" / "files" / program
    file.write_text(f"{file.read_text()}# Another.\n")
    assert release.play("update.yml").status == 0
    after = programs_and_units(pi)
    assert {
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    } == {
        f"/usr/local/lib/inkstand/traefik/{program}",
        "/etc/systemd/system/inkstand-certificate@.service",
    }
    run = release.play("rollback.yml")
    assert run.status == 0, run.output
    assert programs_and_units(pi) == before


def test_after_another_name_the_way_back_is_judged_by_the_old_one(
    release: Any, pi: Any, owner: Any
) -> None:
    assert release.play("update.yml", "-e", "traefik_host=other.test").status == 0
    assert not owner.is_served()
    run = release.play("rollback.yml")
    assert run.status == 0, run.output
    pi.wait_for("the old name is served", owner.is_served)


def test_the_own_authority_comes_back_with_its_units(
    release: Any, pi: Any, owner: Any, certificate: list[str]
) -> None:
    assert active(pi) == list(UNITS)
    before = authority(owner)
    assert b"BEGIN CERTIFICATE" in before
    assert release.play("update.yml", *certificate).status == 0
    assert active(pi) == []
    run = release.play("rollback.yml")
    assert run.status == 0, run.output
    assert active(pi) == list(UNITS)
    pi.wait_for("the authority is handed out", lambda: authority(owner) == before)
