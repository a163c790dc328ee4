"""What strangers write into requests misleads neither Traefik nor the app behind it."""

from __future__ import annotations

import asyncio
import random
from itertools import product
from typing import Any

import pytest

from tests.security.conftest import NAME, PASSWORD

pytestmark = pytest.mark.integration
Edge = Any
SESSION = "/api/v1/session"
INNER = f"GET /smuggled HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode()
LENGTHS = (
    "",
    "Content-Length: 0\r\n",
    "Content-Length: 4\r\n",
    "Content-Length: {whole}\r\n",
    "Content-Length: +{whole}\r\n",
    "Content-Length: {whole}, {whole}\r\n",
    "Content-Length: 0\r\nContent-Length: {whole}\r\n",
    "Content-Length:\r\n {whole}\r\n",
    "Content-Length : {whole}\r\n",
    "content_length: {whole}\r\n",
)
CODINGS = (
    "",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "Transfer-Encoding: identity, chunked\r\n",
    "Transfer-Encoding:\tchunked\r\n",
    "Transfer-Encoding:\r\n chunked\r\n",
    "X: y\nTransfer-Encoding: chunked\r\n",
    "X: y\rTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: \x0bchunked\r\n",
    'Transfer-Encoding: "chunked"\r\n',
    "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n",
)
BODIES = (
    b"0\r\n\r\n",
    b"0;a=b\r\n\r\n",
    b"0\n\n",
    b"0\r\nX: y\r\n\r\n",
    b"00000000000000000000\r\n\r\n",
    b"4\r\nabcd\r\n0\r\n\r\n",
    b"0x0\r\n\r\n",
    b"-0\r\n\r\n",
    b"4\nabcd\n0\r\n\r\n",
    b"4;\nabcd\r\n0\r\n\r\n",
    b"10000000000000000\r\n\r\n",
)
VERSIONS = ("POST /messages HTTP/1.1", "GET / HTTP/1.1", "DELETE /api/v1/session HTTP/1.1")


def attacks(number: int) -> list[bytes]:
    """Return so many requests about whose end two readers could disagree, each time the same."""
    everything = list(product(VERSIONS, LENGTHS, CODINGS, BODIES))
    chosen = random.Random(16).sample(everything, number)
    return [_attack(*each) for each in chosen]


def _attack(line: str, length: str, coding: str, body: bytes) -> bytes:
    whole = len(body) + len(INNER)
    head = f"{line}\r\nHost: {NAME}\r\nContent-Type: application/json\r\n"
    head += length.format(whole=whole) + coding
    last = f"GET /last HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n"
    return f"{head}\r\n".encode() + body + INNER + last.encode()


def assert_from_traefik(edge: Edge) -> None:
    """Each request that the app has read is one that Traefik knows of: it says from whom."""
    for request in edge.arrived:
        assert request.headers.getall("X-Forwarded-For", []) == ["127.0.0.1"], request
        assert request.headers.getall("X-Forwarded-Proto", []) == ["https"], request


async def test_no_request_is_smuggled_past_traefik(edge: Edge) -> None:
    turns = asyncio.Semaphore(8)

    async def send(attack: bytes) -> None:
        async with turns:
            await edge.send(attack)

    await asyncio.gather(*map(send, attacks(400)))
    assert_from_traefik(edge)
    assert {request.path for request in edge.arrived} >= {"/messages", "/last"}, "some came through"
    status, _, body = await edge.ask("GET", "/healthz")
    assert (status, b'"storage"' in body) == (200, True)


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
    )


def _fields(*fields: tuple[str, str]) -> bytes:
    """Return fields as HPACK literals that nobody has to remember (RFC 7541, 6.2.2)."""
    return b"".join(
        b"\0" + b"".join(bytes((len(word),)) + word.encode("latin-1") for word in field)
        for field in fields
    )


def over_http_2(*more: tuple[str, str], path: str = "/messages") -> bytes:
    """Return a request of HTTP/2 with these fields and `INNER` as its body, and the end."""
    pseudo = ((":method", "POST"), (":scheme", "https"), (":authority", NAME), (":path", path))
    head = _fields(*pseudo, ("content-type", "application/json"), *more)
    start = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0, b"")
    request = _frame(1, 4, 1, head) + _frame(0, 1, 1, INNER)
    # Traefik answers what is under way, then ends the connection.
    return start + request + _frame(7, 0, 0, bytes(8))


FIELDS: list[tuple[tuple[str, str], ...]] = [
    (("content-length", "0"),),
    (("content-length", "4"),),
    (("content-length", "9999"),),
    (("transfer-encoding", "chunked"),),
    (("content-length", "0"), ("transfer-encoding", "chunked")),
    (("x", f"y\r\n\r\n{INNER.decode()[:80]}"),),
    (("x: y\r\ntransfer-encoding", "chunked"),),
    (("connection", "transfer-encoding"),),
    ((":path", "/ HTTP/1.1\r\nHost: a\r\n\r\nGET /smuggled"),),
]


async def test_nor_is_one_out_of_http_2(edge: Edge) -> None:
    for fields in FIELDS:
        await edge.send(over_http_2(*fields), alpn="h2")
    assert_from_traefik(edge)
    assert {request.path for request in edge.arrived} <= {"/messages"}
    assert (await edge.ask("GET", "/healthz"))[0] == 200


async def test_a_good_request_of_http_2_comes_through(edge: Edge) -> None:
    """Else the attacks above would prove nothing."""
    await edge.send(over_http_2(), alpn="h2")
    assert [request.path for request in edge.arrived] == ["/messages"]
    assert_from_traefik(edge)


SPOOFED = [
    {"X-Forwarded-For": "203.0.113.{}"},
    {"X-Forwarded-For": "203.0.113.{}, 127.0.0.1"},
    {"X-Real-Ip": "203.0.113.{}"},
    {"Forwarded": "for=203.0.113.{};proto=https"},
    {"x_forwarded_for": "203.0.113.{}"},
    {"Connection": "close, X-Forwarded-For", "X-Forwarded-For": "203.0.113.{}"},
]


@pytest.mark.parametrize("headers", SPOOFED, ids=range(len(SPOOFED)))
async def test_who_claims_to_come_from_elsewhere_is_counted_where_they_are(
    edge: Edge, headers: dict[str, str]
) -> None:
    statuses = []
    for number in range(12):
        spoofed = {name: value.format(number) for name, value in headers.items()}
        body = {"username": "owner", "password": "wrong"}
        statuses.append((await edge.ask("POST", SESSION, spoofed, body))[0])
    assert statuses == [401] * 10 + [429] * 2
    assert_from_traefik(edge)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Proto": "http"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "80"},
        {"Connection": "close, X-Forwarded-Proto", "X-Forwarded-Proto": "http"},
    ],
    ids=range(3),
)
async def test_nobody_talks_the_session_out_of_its_protection(
    edge: Edge, headers: dict[str, str]
) -> None:
    body = {"username": "owner", "password": PASSWORD, "transport": "cookie"}
    sent = {"Sec-Fetch-Site": "same-origin", **headers}
    status, told, _ = await edge.ask("POST", SESSION, sent, body)
    assert status == 201
    assert told["set-cookie"].startswith("__Host-inkstand")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(
        told["set-cookie"].split("; ")
    )


async def test_no_header_opens_the_metrics_of_the_house(edge: Edge) -> None:
    for headers in SPOOFED:
        local = {name: it.replace("203.0.113.{}", "127.0.0.1") for name, it in headers.items()}
        status, _, body = await edge.ask("GET", "/metrics", local)
        assert (status, body) == (404, b"Not Found"), headers
    assert edge.arrived == []
    status, _, _ = await edge.ask("GET", "/nothing", {"X-Original-Url": "/metrics"})
    assert status == 404


PATHS = r"""
/metrics /metrics/ //metrics /./metrics /x/../metrics /%6detrics /metrics?a /METRICS/../metrics
/assets/../metrics /assets/..%2fmetrics /assets/%2e%2e/metrics /assets/..;/metrics /;/metrics
/metrics%00 /metrics%20 /metrics# /metrics\ /\metrics /api/v1/../../metrics /%2e%2e/metrics
https://evil.example/metrics /assets/../../../../etc/passwd /assets/%2e%2e/%2e%2e/etc/passwd
/assets/..%252f..%252fetc/passwd /assets/%5c..%5cetc/passwd /assets/....//etc/passwd
/assets//etc/passwd /assets/style.css/../../../config.py /.git/config /.git/HEAD
/api/v1/messages/../session/../settings /api/v1/%2e%2e/%2e%2e/etc/shadow
"""


async def test_no_path_leads_where_it_should_not(edge: Edge) -> None:
    for path in PATHS.split():
        status, _, body = await edge.ask("GET", path)
        assert 300 <= status < 500, path
        found = [it for it in (b"inkstand_", b"root:", b"import ", b"[core]") if it in body]
        assert not found, path
    assert not any(request.path == "/metrics" for request in edge.arrived)


async def test_no_method_echoes_what_was_sent(edge: Edge) -> None:
    for method in ("TRACE", "TRACK", "CONNECT", "DEBUG"):
        status, _, body = await edge.ask(method, "/", {"Authorization": "Bearer opaque"})
        assert status in (400, 405, 501), method
        assert b"opaque" not in body


ANSWERS = [("/", 401), ("/nothing", 404), ("/metrics", 404), ("/assets/style.css", 200)]


async def test_no_answer_may_be_framed_sniffed_or_come_in_the_clear(edge: Edge) -> None:
    for path, expected in ANSWERS:
        status, headers, _ = await edge.ask("GET", path)
        assert status == expected
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers
        # That answer is Traefik's own, and is no page.
        if path != "/metrics":
            assert headers["content-type"].endswith("; charset=utf-8")
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
