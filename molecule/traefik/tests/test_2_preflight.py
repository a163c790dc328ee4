"""Settings that contradict each other are refused with a sentence, before anything is changed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

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


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"letsencrypt_email": ""}, "Let's Encrypt wants an address to register with"),
        ({"extra_names": ["192.168.1.20"]}, "certificates hold no IP addresses; take 192.168.1.20"),
        ({"host": "raspberrypi.local"}, "raspberrypi.local is none; use a name of your own domain"),
        ({"host": "raspberrypi"}, "raspberrypi is none; use a name of your own domain"),
        (
            {"letsencrypt_production": True, "letsencrypt_ca_server": "https://ca.example.com/dir"},
            "name two different servers",
        ),
        ({"letsencrypt_ca_server": "http://ca.example.com"}, "must be the https:// address"),
        ({"letsencrypt_ca_bundle": "/nowhere.pem"}, "There is no file /nowhere.pem"),
        ({"letsencrypt_profile": "other"}, "set traefik_letsencrypt_certificate_hours"),
        (
            {"letsencrypt_profile": "shortlived", "letsencrypt_certificate_hours": 2160},
            "last 160 hours and would be renewed over and over",
        ),
        (
            {"letsencrypt_challenge": "tls-alpn-01", "https_public_port": 8443},
            "traefik_https_public_port is 8443; use http-01 or dns-01",
        ),
        ({"letsencrypt_challenge": "dns-01"}, "does not say who changes your DNS"),
        ({**DNS, "letsencrypt_dns_secrets": {"CF_DNS_API_TOKEN": ""}}, "no value for CF_DNS_API"),
        ({**DNS, "letsencrypt_dns_secrets": {"a token": "x"}}, "environment's variables: a token"),
    ],
)
def test_letsencrypt_needs_settings_that_fit(
    refusal: Callable[..., str], settings: dict[str, object], sentence: str
) -> None:
    assert sentence in refusal(**{**LETSENCRYPT, **settings})


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, str]]:
    """Give a function that makes a certificate for a name, and the settings that name its files."""
    folder = tmp_path_factory.mktemp("provided")
    return lambda name, days=10: write_certificate(folder / f"{name}{days}", name, days)


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


def test_a_key_of_another_certificate_is_refused(
    refusal: Callable[..., str], make: Callable[..., dict[str, str]]
) -> None:
    other = make("other.example.com")["key_path"]
    words = refusal(**{**make("mac.example.com"), "key_path": other})
    assert "is not the key of" in words


def test_an_expired_certificate_is_refused(
    refusal: Callable[..., str], make: Callable[..., dict[str, str]]
) -> None:
    assert "has expired" in refusal(**make("mac.example.com", days=-1))


def test_a_certificate_for_other_names_is_refused(
    refusal: Callable[..., str], make: Callable[..., dict[str, str]]
) -> None:
    words = refusal(**make("*.example.com"))
    assert "is not for mac.example.org, which" in words
    assert "it is for *.example.com" in words


def test_files_that_are_not_there_are_named(refusal: Callable[..., str]) -> None:
    words = refusal(tls="provided", certificate_path="/nowhere.pem", key_path="/nowhere.key")
    assert "/nowhere.pem or /nowhere.key is not there" in words


def test_what_is_no_certificate_is_refused(
    refusal: Callable[..., str], make: Callable[..., dict[str, str]]
) -> None:
    made = make("mac.example.com")
    swapped = {"certificate_path": made["key_path"], "key_path": made["certificate_path"]}
    assert "is no certificate in PEM" in refusal(**{**made, **swapped})


def test_a_host_without_the_files_is_named(refusal: Callable[..., Any]) -> None:
    words = refusal(
        tls="provided", certificate_path="/no.pem", key_path="/no.key", certificate_on="host"
    )
    assert "cannot be read on localhost" in words
