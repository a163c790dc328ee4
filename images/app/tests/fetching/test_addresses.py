"""Which addresses are public, and which URLs may be asked."""

from __future__ import annotations

import pytest

from inkstand.errors import FetchError
from inkstand.fetching.addresses import Target, check_url, is_public

pytestmark = pytest.mark.unit

PUBLIC = (
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "128.0.0.0",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2606:4700::1111",
    "2a00:1450:4001::200e",
    "3ffe::1",
    "::ffff:1.1.1.1",
    "2002:101:101::1",
    "64:ff9b::1.1.1.1",
)
NOT_PUBLIC = (
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.169.254",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:0:7f00:1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.1.2.3",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "2002:c0a8:101::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1111%eth0",
    "fec0::1",
    "ff02::1",
    # No addresses at all, or in a form that only some readers know.
    "",
    "localhost",
    "2130706433",
    "0x7f.1",
    "127.1",
    "0177.0.0.1",
    "1.1.1.1 ",
    "1.1.1.1/32",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_it_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_it_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", Target("https", "example.com", 443, "/")),
        ("HTTP://Example.COM.:8080/a?b=c#d", Target("http", "example.com", 8080, "/a?b=c")),
        ("https://[2606:4700:0::1]/", Target("https", "2606:4700::1", 443, "/")),
        ("http://1.1.1.1:/", Target("http", "1.1.1.1", 80, "/")),
        ("http://router/", Target("http", "router", 80, "/")),
        ("http://a_b.example/", Target("http", "a_b.example", 80, "/")),
        ("http://1.example/", Target("http", "1.example", 80, "/")),
        ("https://bücher.example/", Target("https", "xn--bcher-kva.example", 443, "/")),
        ("http://\uff11.\uff11.\uff11\u3002\uff11/", Target("http", "1.1.1.1", 80, "/")),
        ("https://e.com/ü b?q=ä%20", Target("https", "e.com", 443, "/%C3%BC%20b?q=%C3%A4%20")),
        ("https://e.com/\udcff", Target("https", "e.com", 443, "/%FF")),
        ("https://e.com?a=b", Target("https", "e.com", 443, "/?a=b")),
        ("https://e.com/a//b;c?d=[e]|", Target("https", "e.com", 443, "/a//b;c?d=[e]%7C")),
    ],
)
def test_a_url_has_parts(url: str, target: Target) -> None:
    assert check_url(url) == target
    assert check_url(target.url) == target


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "begin with https"),
        ("example.com/data", "begin with https"),
        ("//example.com/data", "begin with https"),
        ("file:///etc/passwd", "begin with https"),
        ("ftp://example.com/", "begin with https"),
        ("unix:///run/docker.sock", "begin with https"),
        ("data:text/plain,hello", "begin with https"),
        ("http://", "name a host"),
        ("http:/example.com/", "name a host"),
        ("http://:80/", "name a host"),
        ("http://./", "name a host"),
        ("http://a..b/", "name a host"),
        ("http://-a.example/", "name a host"),
        ("http://a b/", "name a host"),
        ("http://a\\b/", "name a host"),
        ("http://a%2eb/", "name a host"),
        ("http://a$b/", "name a host"),
        (f"http://{'a' * 64}.example/", "name a host"),
        (f"http://{'a.' * 127}example/", "name a host"),
        ("http://user:secret@example.com/", "user or a password"),
        ("http://@example.com/", "user or a password"),
        ("http://1.1.1.1\\@127.0.0.1/", "user or a password"),
        ("http://e.com:0/", "port 0"),
        ("http://e.com:65536/", "not a URL"),
        ("http://e.com:secret/", "not a URL"),
        ("http://[::1/", "not a URL"),
        ("http://[fe80::1%25eth0]/", "address of an interface"),
        ("http://[::1%eth0]/", "address of an interface"),
        ("http://[1::2::3]/", "a URL"),
        ("http://e.com/\r\nX: y", "control characters"),
        ("http://e.\tcom/", "control characters"),
        ("\x00http://e.com/", "control characters"),
        ("http://2130706433/", "four decimal numbers"),
        ("http://0x7f000001/", "four decimal numbers"),
        ("http://0X7F.1/", "four decimal numbers"),
        ("http://017700000001/", "four decimal numbers"),
        ("http://0177.0.0.1/", "four decimal numbers"),
        ("http://127.1/", "four decimal numbers"),
        ("http://127.0.0.1../", "name a host"),
        ("http://127.0.0.0x1/", "four decimal numbers"),
        ("http://a.0x/", "four decimal numbers"),
        ("http://1.2.3.4.5/", "four decimal numbers"),
        ("http://256.1.1.1/", "four decimal numbers"),
        (
            "http://\u2461\u2460\u2462\u24ea\u2466\u24ea\u2465\u2463\u2462\u2462/",
            "four decimal numbers",
        ),
    ],
)
def test_a_url_that_may_not_be_asked_is_told_why_and_not_quoted(url: str, sentence: str) -> None:
    with pytest.raises(FetchError, match=sentence) as caught:
        check_url(url)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_who_is_asked_is_scheme_host_and_port() -> None:
    first = check_url("https://example.com/a")
    assert first.origin == check_url("https://EXAMPLE.com:443/b?c").origin
    others = ("http://example.com:443/", "https://example.com:444/", "https://www.example.com/")
    assert first.origin not in {check_url(url).origin for url in others}
