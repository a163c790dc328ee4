"""Tokens as text."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import jwt
import pytest

from inkstand.accounts.keys import parse_keys
from inkstand.accounts.tokens import Signer
from inkstand.errors import InvalidTokenError

pytestmark = pytest.mark.unit
Records = Any
OLD, NEW = "old key of thirty-two bytes, at least", "new key of thirty-two bytes, at least"


def signer(*keys: str) -> Signer:
    return Signer(parse_keys("\n".join(keys)))


def test_keys_are_lines_named_by_their_digest_and_not_shown() -> None:
    keys = parse_keys(f"\n  {NEW}\n\n{OLD}\n{NEW}\n")
    assert [key.secret for key in keys] == [NEW, OLD]
    assert keys[0].id == hashlib.sha256(NEW.encode()).hexdigest()[:8]
    assert "old key" not in repr(keys)


def test_a_token_says_what_was_signed(record: Records) -> None:
    claims = signer(NEW).read(signer(NEW).sign(record("a1b2")))
    assert (claims.id, claims.user) == ("a1b2", "jürgen")


def test_a_token_names_its_key_and_has_an_end(record: Records) -> None:
    token = signer(NEW).sign(record(expires=2_000_000_000))
    assert jwt.get_unverified_header(token) == {
        "alg": "HS256",
        "typ": "JWT",
        "kid": parse_keys(NEW)[0].id,
    }
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims == {"sub": "jürgen", "iat": 1_800_000_000, "exp": 2_000_000_000, "jti": "0123"}


def test_a_new_key_in_front_logs_nobody_out(record: Records) -> None:
    old = signer(OLD).sign(record())
    both = signer(NEW, OLD)
    assert both.read(old).id == "0123"
    assert jwt.get_unverified_header(both.sign(record()))["kid"] == parse_keys(NEW)[0].id


def test_a_key_that_is_taken_away_verifies_nothing_any_more(record: Records) -> None:
    with pytest.raises(InvalidTokenError):
        signer(NEW).read(signer(OLD).sign(record()))


def test_the_mark_of_a_device_is_no_token_and_no_token_is_a_mark(record: Records) -> None:
    mark = signer(NEW).sign_device("d1", "jürgen")
    assert signer(NEW).read_device(mark).id == "d1"
    with pytest.raises(InvalidTokenError):
        signer(NEW).read(mark)
    with pytest.raises(InvalidTokenError):
        signer(NEW).read_device(signer(NEW).sign(record()))


def test_the_last_character_cannot_be_another_with_the_same_bits(record: Records) -> None:
    token = signer(NEW).sign(record())
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [token[:-1] + letter for letter in alphabet if letter != token[-1]]
    signatures = {base64.urlsafe_b64decode(other.rpartition(".")[2] + "=") for other in others}
    assert base64.urlsafe_b64decode(token.rpartition(".")[2] + "=") in signatures
    for other in others:
        with pytest.raises(InvalidTokenError):
            signer(NEW).read(other)


def test_a_header_with_more_in_it_is_refused(record: Records) -> None:
    key = parse_keys(NEW)[0]
    claims = jwt.decode(signer(NEW).sign(record()), options={"verify_signature": False})
    for extra in ({"jku": "https://example.com"}, {"crit": ["exp"]}, {"typ": "at+jwt"}):
        token = jwt.encode(claims, NEW, "HS256", headers={"kid": key.id, **extra})
        with pytest.raises(InvalidTokenError):
            signer(NEW).read(token)


@pytest.mark.parametrize("kid", [None, 7, ["a"], {"a": 1}, "", "deadbeef", "\ud800"])
def test_a_token_of_no_key_of_ours_is_refused(record: Records, kid: object) -> None:
    _, claims, signature = signer(NEW).sign(record()).split(".")
    head = json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}).encode()
    header = base64.urlsafe_b64encode(head).decode().rstrip("=")
    with pytest.raises(InvalidTokenError):
        signer(NEW).read(f"{header}.{claims}.{signature}")
