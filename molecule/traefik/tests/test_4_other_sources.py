"""A certificate of the owner's, the way back, and the end."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e

UNITS = "systemctl list-unit-files --no-legend 'inkstand-acme*' 'inkstand-c[ae]*'"
DROP_IN = "/run/systemd/system/inkstand-certificate@.service.d"
PLACES = "/etc/inkstand /var/lib/inkstand-traefik /usr/local/lib/inkstand/traefik"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for both names, by a wildcard and by itself, and its key."""
    folder: Path = tmp_path_factory.mktemp("own")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "own")])
    covered = [x509.DNSName("*.example.com"), x509.DNSName("mac.example.org")]
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName(covered), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "certificate.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(secret)
    return folder


def test_a_provided_certificate_is_served(
    site: Any, pi: Any, apply: Callable[..., Any], own: Path
) -> None:
    run = apply(
        "--diff",
        tls="provided",
        tls_profile="modern",
        certificate_path=str(own / "certificate.pem"),
        key_path=str(own / "key.pem"),
    )
    expected = x509.load_pem_x509_certificate((own / "certificate.pem").read_bytes())
    assert site.certificate() == expected
    assert (own / "key.pem").read_text().splitlines()[3] not in run.output
    assert pi.file("/etc/inkstand/traefik/config/tls/provided.key.pem").mode == 0o640
    assert pi.run(UNITS).stdout == ""


def test_the_modern_profile_is_tls_1_3_only(site: Any) -> None:
    with site.connect() as connection:
        assert connection.version() == "TLSv1.3"
    with pytest.raises(OSError, match="alert protocol version"):
        site.connect(maximum_version=771)


def test_the_way_back_is_one_run_and_devices_trust_it_still(
    site: Any, pi: Any, apply: Callable[..., Any]
) -> None:
    authority = x509.load_pem_x509_certificate(pi.file("/etc/inkstand/traefik/ca.pem").content)
    run = apply()
    assert authority.fingerprint(hashes.SHA256()).hex(":").upper() in run.words
    site.certificate().verify_directly_issued_by(authority)
    assert x509.load_pem_x509_certificate(site.ask_plainly("/ca.pem").body) == authority
    assert not pi.file("/etc/inkstand/traefik/config/secrets").exists
    assert pi.check_output("ls /etc/inkstand/traefik/config/tls").split() == [
        "certificate.pem",
        "key.pem",
    ]


def test_removal_leaves_nothing(pi: Any, apply: Callable[..., Any]) -> None:
    """Not even the failure of a renewal, which the timer may have begun at a bad moment."""
    pi.check_output(f"mkdir {DROP_IN}")
    pi.check_output(f"printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' > {DROP_IN}/a.conf")
    pi.check_output("systemctl daemon-reload")
    assert pi.run("systemctl start inkstand-certificate@renew.service").rc != 0
    pi.check_output(f"rm -r {DROP_IN}")
    assert "inkstand-certificate@renew" in pi.check_output("systemctl --failed --no-legend")
    apply(state="absent")
    assert pi.run(f"ls -d {PLACES}").stdout == ""
    assert pi.run(UNITS).stdout == ""
    assert pi.check_output("docker ps --all --quiet --filter name=inkstand-traefik") == ""
    assert pi.check_output("docker images --quiet inkstand/traefik") == ""
    assert "inkstand-" not in pi.check_output("docker network ls")
    assert pi.run("nft list table inet inkstand_limits").rc != 0
    assert pi.check_output("systemctl --failed --no-legend") == ""


def test_it_can_be_removed_twice(apply: Callable[..., Any]) -> None:
    assert apply(state="absent").changed == 0
