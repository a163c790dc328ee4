"""What the world meets at the edge, here with a certificate of the local authority."""

from __future__ import annotations

import json
import socket
import ssl
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

pytestmark = pytest.mark.e2e

EVENT_STREAM = {"Accept": "text/event-stream"}
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
LOG_INS = ("/login", "/api/v1/session", "/%6cogin", "//login")


def test_the_ca_certificate_comes_over_plain_http(site: Any, pi: Any) -> None:
    answer = site.ask_plainly("/ca.pem")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    authority = x509.load_pem_x509_certificate(answer.body)
    kept = pi.file("/etc/inkstand/traefik/ca.pem").content
    assert authority == x509.load_pem_x509_certificate(kept)
    site.certificate().verify_directly_issued_by(authority)


def test_the_list_of_revoked_certificates_is_where_the_certificate_says(site: Any, pi: Any) -> None:
    point = site.certificate().extensions.get_extension_for_class(x509.CRLDistributionPoints)
    assert [name.value for name in point.value[0].full_name] == ["http://mac.example.com/ca.crl"]
    answer = site.ask_plainly("/ca.crl")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pkix-crl")
    revoked = x509.load_der_x509_crl(answer.body)
    authority = x509.load_pem_x509_certificate(pi.file("/etc/inkstand/traefik/ca.pem").content)
    key = authority.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert revoked.is_signature_valid(key)
    assert revoked.issuer == authority.subject
    assert revoked.next_update_utc > site.certificate().not_valid_after_utc
    assert list(revoked) == []


@pytest.mark.parametrize("path", ["/", "/login", "/ca.pem/", "/ca.key", "/../ca/ca.key"])
def test_all_else_over_http_leads_to_https(site: Any, path: str) -> None:
    answer = site.ask_plainly(path)
    assert answer.status in (301, 308)
    assert answer.headers["location"].startswith("https://mac.example.com/")


@pytest.mark.parametrize("name", ["evil.example", "mac.example.com.evil.example", "192.0.2.1"])
def test_over_http_another_name_leads_nowhere(site: Any, name: str) -> None:
    answer = site.ask_plainly("/", name)
    assert answer.status == 421
    assert "location" not in answer.headers


def test_the_ca_certificate_comes_by_any_name(site: Any) -> None:
    """Who has no name for the Pi yet asks by its address."""
    assert site.ask_plainly("/ca.pem", site.address).status == 200


def test_over_https_that_path_is_the_apps(site: Any) -> None:
    assert json.loads(site.ask("GET", "/ca.pem").body)["path"] == "/ca.pem"


def test_browsers_are_asked_to_stay_with_https(site: Any) -> None:
    headers = site.ask("GET", "/any").headers
    assert headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_1_1_is_refused(site: Any) -> None:
    limits = {
        "minimum_version": ssl.TLSVersion.TLSv1,
        "maximum_version": ssl.TLSVersion.TLSv1_1,
    }
    with pytest.raises(ssl.SSLError):
        site.connect(**limits)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_newer_tls_is_welcome(site: Any, version: ssl.TLSVersion) -> None:
    with site.connect(minimum_version=version, maximum_version=version) as connection:
        name, _, bits = connection.cipher()
    assert "GCM" in name or "CHACHA20" in name
    assert bits >= 128


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics/", "/%6detrics", "//metrics", "/x/../metrics"]
)
def test_metrics_stay_inside(site: Any, path: str) -> None:
    assert site.ask("GET", path).status == 404


def test_those_for_a_token_are_the_apps_to_guard(site: Any) -> None:
    answer = site.ask("GET", "/api/v1/metrics")
    assert json.loads(answer.body)["path"] == "/api/v1/metrics"


def test_another_name_never_meets_the_app(site: Any) -> None:
    assert site.ask("GET", "/any", {"Host": "other.example.com"}).status == 421


def test_large_headers_are_refused(site: Any) -> None:
    assert site.ask("GET", "/any", {"X-Large": "x" * 24_000}).status == 431


def test_who_never_ends_a_request_is_cut_off(site: Any) -> None:
    """After 30 s; the limit of this test is twice that."""
    with site.connect() as connection:
        connection.settimeout(60)
        connection.sendall(b"POST /messages HTTP/1.1\r\nHost: mac.example.com\r\n")
        assert connection.recv(1) == b""


def test_large_bodies_are_refused(site: Any) -> None:
    assert site.ask("POST", "/any", body=b"x" * 100_000).status == 200
    # Refused for what it says, before it has come.
    announced = {"Content-Length": "5300000"}
    assert site.ask("POST", "/any", announced, body=b"x").status == 413


def test_large_log_ins_are_refused(site: Any) -> None:
    assert site.ask("POST", "/login", body=b"x" * 20_000).status == 413


def test_who_logs_in_too_often_has_to_wait_and_others_are_served(site: Any) -> None:
    """However the address is written; the limit of this scenario is five at once."""
    answers = [site.ask("POST", path, body=b"{}") for path in LOG_INS * 3]
    statuses = [answer.status for answer in answers]
    assert statuses[-4:] == [429] * 4
    assert statuses[0] == 200 or 429 in statuses[:4]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert site.ask("GET", "/login").status == 200
    assert site.ask("POST", "/messages", body=b"{}").status == 200


@pytest.mark.parametrize("headers", [EVENT_STREAM, WEBSOCKET], ids=["stream", "websocket"])
def test_events_come_at_once(site: Any, headers: dict[str, str]) -> None:
    stream = site.stream(headers)
    with stream.connection:
        delays = [stream.read(ticks) for ticks in (1, 2, 3)]
    assert max(delays) < 0.8


def test_no_other_port_is_open(site: Any) -> None:
    """All of them, asked one after the other: a closed one answers in microseconds."""
    assert [port for port in range(1, 65536) if _is_open(site.address, port)] == [80, 443]


def _is_open(address: str, port: int) -> bool:
    with socket.socket() as asked:
        asked.settimeout(1)
        return asked.connect_ex((address, port)) == 0
