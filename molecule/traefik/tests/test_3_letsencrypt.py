"""Certificates from an ACME server, which issues them for 20 minutes, and can be out of reach."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e

STATE = "/var/lib/inkstand-traefik"
ACME, BACKUP = f"{STATE}/acme/acme.json", f"{STATE}/backup/acme.json"
NONE = "TRAEFIK DEFAULT CERT"
CA = "CN=Pebble Intermediate CA"
EVENT_STREAM = {"Accept": "text/event-stream"}
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
# Longer than any time-out, and than the minute between two looks at the certificates.
RENEWAL_SECONDS = 90
DNS_PASSWORD = os.environ["INKSTAND_DNS_PASSWORD"]


def names(certificate: x509.Certificate) -> list[str]:
    """List the names that a certificate is for."""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return sorted(found.value.get_values_for_type(x509.DNSName))


def is_kept(pi: Any) -> bool:
    """Tell whether the copy is the same as what Traefik has."""
    return bool(pi.run(f"cmp {ACME} {BACKUP}").succeeded)


def is_sound(pi: Any) -> bool:
    """Tell whether Traefik's file can be read, and holds a certificate."""
    try:
        sections = json.loads(pi.file(ACME).content_string)
    except ValueError:
        return False
    return any(section["Certificates"] for section in sections.values())


def started(pi: Any) -> str:
    """Tell when Traefik was started last."""
    return str(pi.check_output("docker inspect --format '{{.State.StartedAt}}' inkstand-traefik"))


@pytest.fixture
def served(site: Any, wait_for: Callable[..., Any]) -> int:
    """Number the certificate that is served before the test, however lately Traefik started."""
    return int(wait_for("a certificate", site.serial, seconds=60))


def test_a_run_without_the_ca_fails_and_says_why(  # noqa: PLR0913, PLR0917  (fixtures)
    site: Any,
    pi: Any,
    attempt: Callable[..., Any],
    letsencrypt: dict[str, object],
    no_ca: Callable[[], None],
    wait_for: Callable[..., Any],
) -> None:
    """The first certificate is asked for again later, by a timer, without a run."""
    run = attempt(**{**letsencrypt, "letsencrypt_wait_seconds": 15})
    assert run.status != 0
    assert (
        "After 15 s there is no certificate from https://192.0.2.1:14000/dir (http-01)" in run.words
    )
    assert "connection refused" in run.words
    wait_for("the certificate of nobody", lambda: NONE in site.issuer())
    no_ca()
    assert pi.service("inkstand-acme.timer").is_running
    pi.check_output("systemctl start inkstand-acme@retry.service")
    wait_for("a certificate", lambda: CA in site.issuer(), seconds=60)


def test_http_01_gives_one_certificate_for_all_names(site: Any) -> None:
    certificate = site.certificate()
    assert names(certificate) == ["mac.example.com", "mac.example.org"]
    assert certificate == site.certificate("mac.example.org")
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"


def test_http_still_leads_to_https_and_no_ca_certificate_is_handed_out(site: Any) -> None:
    assert site.ask_plainly("/ca.pem").status in (301, 308)


def test_the_certificates_are_copied(pi: Any, wait_for: Callable[..., Any]) -> None:
    wait_for("the copy", lambda: is_kept(pi))
    assert pi.file(BACKUP).mode == 0o600
    assert pi.file(BACKUP).user == "root"


def test_it_is_renewed_and_streams_go_on(site: Any, pi: Any, wait_for: Callable[..., Any]) -> None:
    before = wait_for("a certificate", site.serial)
    streams = [site.stream(EVENT_STREAM), site.stream(WEBSOCKET)]
    kept = pi.file(BACKUP).content_string
    wait_for(
        "a new certificate",
        lambda: site.serial() not in (0, before),
        seconds=RENEWAL_SECONDS,
    )
    wait_for("the copy of the new one", lambda: pi.file(BACKUP).content_string != kept)
    wait_for("the copy", lambda: is_kept(pi))
    for stream in streams:
        with stream.connection:
            stream.read(62)
            numbers = [number for number, _ in stream.ticks]
            assert numbers == list(range(len(numbers)))


def test_the_old_one_is_served_while_the_ca_is_down(
    site: Any, pi: Any, no_ca: Callable[[], None], served: int, wait_for: Callable[..., Any]
) -> None:
    pi.check_output("docker restart inkstand-traefik")
    wait_for("the old certificate", lambda: site.serial() == served, seconds=60)


@pytest.mark.parametrize("size", [0, 1000])
def test_a_truncated_file_is_put_back_and_the_old_one_served(  # noqa: PLR0913, PLR0917  (fixtures)
    site: Any,
    pi: Any,
    no_ca: Callable[[], None],
    served: int,
    wait_for: Callable[..., Any],
    size: int,
) -> None:
    wait_for("the copy", lambda: is_kept(pi))
    before = started(pi)
    pi.check_output(f"truncate --size {size} {ACME}")
    wait_for("the file", lambda: is_sound(pi))
    wait_for("the restart", lambda: started(pi) != before, seconds=60)
    wait_for("the old certificate", lambda: site.serial() == served, seconds=60)
    assert pi.file(ACME).mode == 0o600
    assert pi.file(ACME).uid == 10003


def test_what_a_power_cut_broke_is_put_back_before_traefik_starts(
    site: Any, pi: Any, no_ca: Callable[[], None], served: int, wait_for: Callable[..., Any]
) -> None:
    """The engine is stopped and Traefik killed, as by a power cut; nothing watches the file."""
    wait_for("the copy", lambda: is_kept(pi))
    process = pi.check_output("docker inspect --format '{{.State.Pid}}' inkstand-traefik")
    pi.check_output("systemctl stop inkstand-acme.path docker.socket docker.service")
    # It may have ended with the engine already.
    pi.run(f"kill -KILL {process}")
    pi.check_output(f"truncate --size 1000 {ACME}")
    pi.check_output("systemctl start docker.service inkstand-acme.path")
    wait_for("the old certificate", lambda: site.serial() == served, seconds=60)
    assert is_sound(pi)


def test_another_name_and_tls_alpn_01_are_one_run(
    site: Any, apply: Callable[..., Any], letsencrypt: dict[str, object]
) -> None:
    changed = {"host": "alpn.example.com", "extra_names": []}
    apply(**letsencrypt, **changed, letsencrypt_challenge="tls-alpn-01")
    certificate = site.certificate("alpn.example.com")
    assert CA in certificate.issuer.rfc4514_string()
    assert names(certificate) == ["alpn.example.com"]
    assert site.ask("GET", "/any", name="alpn.example.com").status == 200
    assert site.ask("GET", "/any").status == 421


@pytest.fixture(scope="module")
def dns(letsencrypt: dict[str, object]) -> dict[str, object]:
    """Settings for DNS-01, with a provider that wants a password."""
    return {
        **letsencrypt,
        "host": "dns.example.com",
        "extra_names": [],
        "letsencrypt_challenge": "dns-01",
        "letsencrypt_dns_provider": "httpreq",
        "letsencrypt_dns_settings": {
            "HTTPREQ_ENDPOINT": "http://192.0.2.1:8054",
            "HTTPREQ_USERNAME": "inkstand",
        },
        "letsencrypt_dns_secrets": {"HTTPREQ_PASSWORD": DNS_PASSWORD},
        "letsencrypt_dns_resolvers": ["192.0.2.1:8053"],
        "letsencrypt_dns_check": False,
    }


def test_dns_01_keeps_the_password_to_itself(
    site: Any, pi: Any, apply: Callable[..., Any], dns: dict[str, object]
) -> None:
    run = apply("--diff", "-v", **dns)
    certificate = site.certificate("dns.example.com")
    assert CA in certificate.issuer.rfc4514_string()
    assert names(certificate) == ["dns.example.com"]
    assert DNS_PASSWORD not in run.output
    kept = pi.file("/etc/inkstand/traefik/config/secrets/HTTPREQ_PASSWORD")
    assert kept.content_string == DNS_PASSWORD
    assert (kept.user, kept.gid, kept.mode) == ("root", 10003, 0o440)
    process = pi.check_output("docker inspect --format '{{.State.Pid}}' inkstand-traefik")
    for command in (
        "docker inspect inkstand-traefik",
        "docker logs inkstand-traefik 2>&1",
        "ps -eo args",
        "journalctl --no-pager --output cat",
        f"tr '\\0' '\\n' </proc/{process}/environ",
    ):
        said = pi.check_output(command)
        assert said
        assert DNS_PASSWORD not in said, command


def test_the_second_run_changes_nothing(apply: Callable[..., Any], dns: dict[str, object]) -> None:
    assert apply(**dns).changed == 0


def test_a_challenge_that_is_delegated_is_answered_where_its_alias_points(
    site: Any, pi: Any, apply: Callable[..., Any], dns: dict[str, object]
) -> None:
    """`_acme-challenge` is an alias for a name in another zone, the only one with a password."""
    alias = {"host": "_acme-challenge.alias.example.com.", "target": "keys.example.net."}
    tell = "import sys, urllib.request as u; u.urlopen(sys.argv[1], sys.argv[2].encode())"
    where = "http://127.0.0.1:8055/set-cname"
    pi.check_output("python3 -c %s %s %s", tell, where, json.dumps(alias))
    apply(**{**dns, "host": "alias.example.com"})
    assert names(site.certificate("alias.example.com")) == ["alias.example.com"]
