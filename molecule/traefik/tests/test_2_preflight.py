"""Settings that contradict each other are refused with a sentence, before anything is changed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e

LETSENCRYPT = {"tls": "letsencrypt", "letsencrypt_email": "owner@example.com"}
DNS = {"letsencrypt_challenge": "dns-01", "letsencrypt_dns_provider": "cloudflare"}


CASES: dict[str, tuple[dict[str, object], str]] = {
    "no_address": ({"letsencrypt_email": ""}, "Let's Encrypt wants an address to register with"),
    "ip": ({"extra_names": ["192.168.1.20"]}, "hold no IP addresses; take 192.168.1.20"),
    "local": ({"host": "raspberrypi.local"}, "raspberrypi.local is none; use a name of your own"),
    "short": ({"host": "raspberrypi"}, "raspberrypi is none; use a name of your own domain"),
    "two_servers": (
        {"letsencrypt_production": True, "letsencrypt_ca_server": "https://ca.example.com/dir"},
        "name two different servers",
    ),
    "no_https": (
        {"letsencrypt_ca_server": "http://ca.example.com"},
        "must be the https:// address",
    ),
    "no_bundle": ({"letsencrypt_ca_bundle": "/nowhere.pem"}, "There is no file /nowhere.pem"),
    "profile": ({"letsencrypt_profile": "other"}, "set traefik_letsencrypt_certificate_hours"),
    "hours": (
        {"letsencrypt_profile": "shortlived", "letsencrypt_certificate_hours": 2160},
        "last 160 hours and would be renewed over and over",
    ),
    "alpn": (
        {"letsencrypt_challenge": "tls-alpn-01", "https_public_port": 8443},
        "traefik_https_public_port is 8443; use http-01 or dns-01",
    ),
    "no_provider": ({"letsencrypt_challenge": "dns-01"}, "does not say who changes your DNS"),
    "no_secret": (
        {**DNS, "letsencrypt_dns_secrets": {"CF_DNS_API_TOKEN": ""}},
        "no value for CF_DNS_API_TOKEN",
    ),
    "no_name": (
        {**DNS, "letsencrypt_dns_secrets": {"a token": "x"}},
        "environment's variables: a token",
    ),
}
PROVIDED = {
    "other_key": "is not the key of",
    "expired": "has expired",
    "other_names": "is not for mac.example.org, which",
    "missing": "/nowhere.pem or /nowhere.key is not there",
    "swapped": "is no certificate in PEM",
    "on_the_host": "cannot be read on on_the_host",
}


def write_certificate(folder: Path, name: str, days: int) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=20))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(made.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    paths = {"certificate_path": folder / "certificate.pem", "key_path": folder / "key.pem"}
    return {"tls": "provided", **{name: str(path) for name, path in paths.items()}}


@pytest.fixture(scope="module")
def provided(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """Settings for `provided`, by case."""
    folder = tmp_path_factory.mktemp("provided")
    good = write_certificate(folder / "good", "mac.example.com", 10)
    other = write_certificate(folder / "other", "*.example.com", 10)
    missing = {"certificate_path": "/nowhere.pem", "key_path": "/nowhere.key"}
    swapped = {"certificate_path": good["key_path"], "key_path": good["certificate_path"]}
    return {
        "other_key": {**good, "key_path": other["key_path"]},
        "expired": dict(write_certificate(folder / "expired", "mac.example.com", -1)),
        "other_names": dict(other),
        "missing": {**good, **missing},
        "swapped": {**good, **swapped},
        "on_the_host": {**good, **missing, "certificate_on": "host"},
    }


@pytest.fixture(scope="module")
def said(
    refusals: Callable[..., dict[str, str]], provided: dict[str, dict[str, object]]
) -> dict[str, str]:
    """What the role says to each case."""
    letsencrypt = {case: {**LETSENCRYPT, **settings} for case, (settings, _) in CASES.items()}
    return refusals({**letsencrypt, **provided, "fine": {"tls": "local_ca"}})


@pytest.mark.parametrize("case", CASES)
def test_letsencrypt_needs_settings_that_fit(said: dict[str, str], case: str) -> None:
    assert CASES[case][1] in said[case]


@pytest.mark.parametrize("case", PROVIDED)
def test_a_provided_certificate_has_to_fit(said: dict[str, str], case: str) -> None:
    assert PROVIDED[case] in said[case]


def test_settings_that_fit_are_let_through(said: dict[str, str]) -> None:
    assert "fine" not in said
