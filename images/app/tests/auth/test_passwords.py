"""Passwords."""

from __future__ import annotations

import re

import pytest

from inkstand.auth.passwords import PasswordVerifier, make_hash, verify_hash
from inkstand.config import load

pytestmark = pytest.mark.unit


def test_a_new_hash_is_argon2id_with_the_small_profile_and_a_salt_of_its_own() -> None:
    one, other = make_hash("password"), make_hash("password")
    assert re.match(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$", one)
    assert one != other


def test_a_new_hash_is_one_that_the_settings_take() -> None:
    new = make_hash("password")
    environment = {"INKSTAND_PASSWORD_HASH": new, "INKSTAND_TOKEN_SECRET": "0123456789abcdef" * 2}
    assert load(None, environment).password_hash == new


def test_only_the_password_is_right(password_hash: str, password: str) -> None:
    assert verify_hash(password_hash, password)
    for wrong in ("", password + " ", password.upper(), "\ud800"):
        assert not verify_hash(password_hash, wrong)


async def test_the_verifier_answers_off_the_loop(password_hash: str, password: str) -> None:
    verifier = PasswordVerifier(password_hash)
    assert await verifier.verify(password)
    assert not await verifier.verify("wrong")
