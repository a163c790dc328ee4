"""The names of a certificate keep their order, or each run would take it for another one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "traefik_host": "mac.example.com",
    "traefik_extra_names": ["mac.example.org", "192.0.2.7", "mac.home.arpa", "2001:db8::7", "mac"],
}
EXPECTED = [
    *("DNS:mac.example.com", "DNS:mac.example.org", "DNS:mac.home.arpa", "DNS:mac"),
    *("IP:192.0.2.7", "IP:2001:db8::7"),
]


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_the_order_is_the_owners_however_python_shuffles_its_sets(seed: str) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ansible", "adhoc", "localhost", "--inventory=localhost,"),
            *("--connection=local", "--module-name=ansible.builtin.debug"),
            "--args=var=__traefik_alternative_names",
            f"--extra-vars=@{ROOT / 'roles' / 'traefik' / 'vars' / 'main.yml'}",
            f"--extra-vars={json.dumps(SETTINGS)}",
        ],
        env={**os.environ, "PYTHONHASHSEED": seed, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    _, _, found = done.stdout.partition("=> ")
    assert json.loads(found)["__traefik_alternative_names"] == EXPECTED
