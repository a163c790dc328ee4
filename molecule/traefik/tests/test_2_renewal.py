"""When Traefik itself says that it will renew, for the certificates that there are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.e2e

VARIABLES = Path(__file__).resolve().parents[3] / "roles" / "traefik" / "vars" / "main.yml"
HOURS = yaml.safe_load(VARIABLES.read_text())["__traefik_profile_hours"]


def lines(folder: Path, hours: int) -> Generator[str, None, None]:
    """Run Traefik with a resolver for certificates that last so long; give what it says."""
    acme = {
        "email": "owner@example.com",
        "storage": str(folder / "acme.json"),
        "certificatesDuration": hours,
        "tlsChallenge": {},
    }
    settings = {
        "log": {"level": "DEBUG", "noColor": True},
        "entryPoints": {"websecure": {"address": "127.0.0.1:0"}},
        "certificatesResolvers": {"own": {"acme": acme}},
    }
    (folder / "traefik.yml").write_text(yaml.safe_dump(settings))
    program = Path(sys.executable).with_name("traefik")
    argv = [str(program), f"--configFile={folder / 'traefik.yml'}"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        try:
            yield from running.stdout
        finally:
            running.terminate()


@pytest.mark.parametrize(
    ("hours", "before", "every"),
    [
        (HOURS["classic"], "720h", "24h"),
        (1536, "240h", "12h"),
        (HOURS["tlsserver"], "240h", "12h"),
        (HOURS["shortlived"], "48h", "2h"),
    ],
    ids=["90 days", "64 days", "45 days", "6 days"],
)
def test_a_certificate_is_renewed_in_good_time(
    tmp_path: Path, hours: int, before: str, every: str
) -> None:
    said = lines(tmp_path, hours)
    sentence = f'"{before}0m0s" before expiry and check every "{every}0m0s"'
    assert any(sentence in line.replace("\\", "") for line in said)
    said.close()
