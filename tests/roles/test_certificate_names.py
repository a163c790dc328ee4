"""The names in a certificate, and those to which the authority is bound."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "traefik_host": "mac.example.com",
    "traefik_extra_names": ["mac.example.org", "192.0.2.7", "mac.home.arpa", "2001:db8::7", "mac"],
    "traefik_mdns": False,
}
EXPECTED = [
    *("DNS:mac.example.com", "DNS:mac.example.org", "DNS:mac.home.arpa", "DNS:mac"),
    *("IP:192.0.2.7", "IP:2001:db8::7"),
]


def said(name: str, settings: Mapping[str, object], seed: str = "0") -> object:
    """Return what a variable of the role is."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ansible", "adhoc", "localhost", "--inventory=localhost,"),
            *("--connection=local", "--module-name=ansible.builtin.debug", f"--args=var={name}"),
            f"--extra-vars=@{ROOT / 'roles' / 'traefik' / 'vars' / 'main.yml'}",
            f"--extra-vars={json.dumps(settings)}",
        ],
        env={**os.environ, "PYTHONHASHSEED": seed, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    _, _, found = done.stdout.partition("=> ")
    return json.loads(found)[name]


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_the_order_is_the_owners_however_python_shuffles_its_sets(seed: str) -> None:
    """In another order it would be another certificate to each run."""
    assert said("__traefik_alternative_names", SETTINGS, seed) == EXPECTED


@pytest.mark.parametrize(
    ("host", "extra", "permitted"),
    [
        ("mac.example.com", [], ["DNS:mac.example.com"]),
        ("192.0.2.7", [], ["DNS:invalid", "IP:192.0.2.7/32"]),
        ("mac", ["192.0.2.7", "2001:db8::7"], ["DNS:mac", "IP:192.0.2.7/32", "IP:2001:db8::7/128"]),
    ],
)
def test_an_authority_for_addresses_alone_can_sign_for_no_name(
    host: str, extra: list[str], permitted: list[str]
) -> None:
    """A kind of name of which constraints say nothing is free (RFC 5280, 4.2.1.10)."""
    settings = {"traefik_host": host, "traefik_extra_names": extra, "traefik_mdns": False}
    assert said("__traefik_permitted", settings) == permitted


@pytest.mark.parametrize(
    ("tls", "host", "names"),
    [
        ("local_ca", "mac.home.arpa", ["DNS:mac.home.arpa", "DNS:kitchen.local"]),
        ("local_ca", "kitchen.local", ["DNS:kitchen.local"]),
        ("letsencrypt", "mac.example.com", ["DNS:mac.example.com"]),
        ("provided", "mac.example.com", ["DNS:mac.example.com"]),
    ],
)
def test_the_name_that_is_announced_is_in_a_certificate_of_the_pis_own(
    tls: str, host: str, names: list[str]
) -> None:
    settings = {
        "traefik_host": host,
        "traefik_extra_names": [],
        "traefik_mdns": True,
        "traefik_tls": tls,
        "__traefik_mdns_name": "kitchen.local",
    }
    assert said("__traefik_alternative_names", settings) == names
