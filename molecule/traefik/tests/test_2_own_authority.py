"""A Pi to which nobody deploys for years keeps a certificate that devices trust."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e

DIRECTORY = "/etc/inkstand/traefik"
PROGRAM = "/usr/local/lib/inkstand/traefik/renew_certificate.py"
STARTED = "docker inspect --format '{{.State.StartedAt}}' inkstand-traefik"


def days_left(certificate: x509.Certificate) -> int:
    return (certificate.not_valid_after_utc - dt.datetime.now(dt.UTC)).days


@pytest.fixture
def nearly_over(site: Any, pi: Any, wait_for: Callable[..., Any]) -> x509.Certificate:
    """The certificate that is served ends in less than ten days."""
    pi.check_output(f"python3 -I {PROGRAM} --directory {DIRECTORY} --days 10 --left 999")
    wait_for("the one that ends soon", lambda: days_left(site.certificate()) < 10)
    found: x509.Certificate = site.certificate()
    return found


def test_the_pi_signs_it_anew_before_it_ends_and_traefik_serves_it_at_once(
    site: Any,
    pi: Any,
    apply: Callable[..., Any],
    wait_for: Callable[..., Any],
    nearly_over: x509.Certificate,
) -> None:
    started = pi.check_output(STARTED)
    assert pi.service("inkstand-certificate.timer").is_enabled
    assert pi.service("inkstand-certificate.timer").is_running
    pi.check_output("systemctl start inkstand-certificate@renew.service")
    wait_for("a new one", lambda: site.serial() not in {0, nearly_over.serial_number})
    served = site.certificate()
    assert days_left(served) > 390
    assert served.public_key() == nearly_over.public_key()
    served.verify_directly_issued_by(authority(pi))
    revoked = x509.load_der_x509_crl(site.ask_plainly("/ca.crl").body)
    assert revoked.next_update_utc is not None
    assert revoked.next_update_utc > served.not_valid_after_utc
    assert pi.check_output(STARTED) == started, "nothing was restarted"
    assert apply().changed == 0, "the playbook would have made the same"


def test_the_authority_can_sign_for_this_appliance_alone(pi: Any) -> None:
    """A stolen key is of no use for another site: verified by OpenSSL, as clients do."""
    constraints = authority(pi).extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    sign = (
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x"
        " -addext subjectAltName={name} -keyout /tmp/x.key"
        " | openssl x509 -req -copy_extensions copy"
        f" -CA {DIRECTORY}/ca.pem -CAkey {DIRECTORY}/ca/ca.key -out /tmp/x.pem;"
        f" openssl verify -CAfile {DIRECTORY}/ca.pem /tmp/x.pem; rm /tmp/x.*"
    )
    (ours, *_) = constraints.value.permitted_subtrees or []
    assert "OK" in pi.run(sign.format(name=f"DNS:{ours.value}")).stdout
    for name in ("DNS:bank.example", "IP:192.0.2.1", "IP:2001:db8::1"):
        said = pi.run(sign.format(name=name))
        assert "permitted subtree violation" in said.stderr or "excluded" in said.stderr, name


def test_a_run_that_makes_another_authority_says_so(pi: Any, apply: Callable[..., Any]) -> None:
    """The devices of the household do not trust it, and nobody else would tell them."""
    apply()
    before = fingerprint(pi)
    told = apply(extra_names=["mac.example.net"]).closing
    assert fingerprint(pi) != before
    assert "/ca.pem anew, and remove the one of before" in told
    assert f"Its SHA-256 is {fingerprint(pi)}, and was {before}." in told
    assert "anew" in apply().closing
    assert "anew" not in apply().closing


def test_a_certificate_that_a_power_cut_halved_is_made_again(
    site: Any, pi: Any, apply: Callable[..., Any], wait_for: Callable[..., Any]
) -> None:
    apply()
    pi.check_output("systemctl start inkstand-certificate@renew.service")
    before = site.serial()
    pi.check_output(f"truncate --size 100 {DIRECTORY}/config/tls/certificate.pem")
    pi.check_output("systemctl start inkstand-certificate@renew.service")
    wait_for("a new one", lambda: site.serial() not in {0, before})
    site.certificate().verify_directly_issued_by(authority(pi))
    assert apply().changed == 0, "the playbook would have made the same"


def fingerprint(pi: Any) -> str:
    """Return what browsers show."""
    return authority(pi).fingerprint(hashes.SHA256()).hex(":").upper()


def authority(pi: Any) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pi.file(f"{DIRECTORY}/ca.pem").content)
