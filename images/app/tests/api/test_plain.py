"""Only what every parser of HTTP reads in the same way is called plain."""

from __future__ import annotations

import pytest

from inkstand.api.plain import Head, Heads, Plain

pytestmark = pytest.mark.unit
GET = b"GET /api/v1/panel HTTP/1.1\r\nHost: mac\r\nAuthorization: Bearer a.b-c_d\r\n"
POST = b"POST /messages HTTP/1.1\r\nAuthorization: t\r\nContent-Type: application/json\r\n"


def test_a_request_without_a_body_is_read() -> None:
    expected = Plain(Head("GET", "/api/v1/panel", "a.b-c_d", "", 0), b"")
    assert Heads().read(GET + b"\r\n") == expected


def test_a_request_with_a_body_is_read_and_its_head_remembered() -> None:
    heads = Heads()
    for body in (b'{"a": 1}', b"\r\n\r\n\r\n\x00\xff"):
        request = heads.read(POST + b"Content-Length: 8\r\n\r\n" + body)
        assert request == Plain(Head("POST", "/messages", "t", "application/json", 8), body)
    first, second = (heads.read(POST + b"Content-Length: 1\r\n\r\n" + b) for b in (b"1", b"2"))
    assert first
    assert second
    assert first.head is second.head


def test_what_a_proxy_and_a_browser_add_changes_nothing() -> None:
    added = b"X-Forwarded-For: ::1\r\nX-Real-Ip: ::1\r\nAccept: */*\r\nconnection: Keep-Alive\r\n"
    assert Heads().read(GET + added + b"\r\n") is not None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GET,
        GET + b"\r\nG",
        POST + b"Content-Length: 8\r\n\r\n1234567",
        POST + b"Content-Length: 8\r\n\r\n123456789",
    ],
)
def test_less_or_more_than_one_request_is_none(data: bytes) -> None:
    assert Heads().read(data) is None


@pytest.mark.parametrize(
    "line",
    [
        b"Transfer-Encoding: chunked",
        b"Content-Length: 0\r\nContent-Length: 0",
        b"Content-Length: +0",
        b"Content-Length: 00",
        b"Content-Length: ",
        b"Connection: close",
        b"Connection: Upgrade\r\nUpgrade: websocket",
        b"Expect: 100-continue",
        b"Content-Encoding: gzip",
        b"Cookie: inkstand=x",
        b"Authorization: t",
        b"host: other",
        b"X-Unknown: 1",
        b"Idempotency-Key: 1",
        b" Accept: folded",
        b"Accept : */*",
        b"Accept: \x00",
        b"Accept: \xe9",
        b"Accept: a\nX-Real-Ip: b",
        b"Accept",
        b"",
    ],
)
def test_any_header_that_could_mean_something_else_makes_it_unusual(line: bytes) -> None:
    assert Heads().read(GET + line + b"\r\n\r\n") is None


@pytest.mark.parametrize(
    "first",
    [
        b"GET /api/v1/panel HTTP/1.0",
        b"GET  /api/v1/panel HTTP/1.1",
        b"GET http://mac/api/v1/panel HTTP/1.1",
        b"get /api/v1/panel HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET /\x7f HTTP/1.1",
        b"\r\nGET / HTTP/1.1",
    ],
)
def test_an_unusual_first_line_makes_it_unusual(first: bytes) -> None:
    assert Heads().read(first + b"\r\nAuthorization: t\r\n\r\n") is None


@pytest.mark.parametrize("value", [b"", b"Basic dXNlcg==", b"Bearer  two", b"a b", b"Bearer"])
def test_only_a_token_is_taken_for_one(value: bytes) -> None:
    head = b"GET / HTTP/1.1\r\nAuthorization: " + value + b"\r\n\r\n"
    read = Heads().read(head)
    assert read is None or read.head.token == "Bearer" == value.decode()


def test_a_long_head_and_many_heads_are_not_kept() -> None:
    heads = Heads()
    assert heads.read(GET + b"Accept: " + b"x" * 5000 + b"\r\n\r\n") is None
    for number in range(1000):
        assert heads.read(GET + b"Accept: %d\r\n\r\n" % number)
    assert len(heads._known) <= 256
