"""Passwords."""

from __future__ import annotations

import asyncio
import re

import pytest

from inkstand.accounts.passwords import PasswordVerifier, make_hash, verify_hash
from inkstand.config import load
from inkstand.errors import TooManyAttemptsError

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


@pytest.mark.parametrize("letters", [64, 128, 1000])
def test_a_long_password_of_any_letters_counts_to_its_end(letters: int) -> None:
    long = ("Ünïcödé 🔑 \t" * letters)[:letters]
    made = make_hash(long, "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" + "A" * 43)
    assert verify_hash(made, long)
    assert not verify_hash(made, long[:-1])
    assert not verify_hash(made, long.swapcase())


async def test_the_verifier_answers_off_the_loop(password_hash: str, password: str) -> None:
    verifier = PasswordVerifier()
    assert await verifier.verify(password_hash, password)
    assert not await verifier.verify(password_hash, "wrong")


async def test_one_password_is_verified_at_a_time(password_hash: str) -> None:
    verifier, inside, most = PasswordVerifier(), 0, 0

    async def take_a_turn() -> None:
        nonlocal inside, most
        async with verifier.turn():
            inside += 1
            most = max(most, inside)
            await verifier.verify(password_hash, "wrong")
            inside -= 1

    await asyncio.gather(*(take_a_turn() for _ in range(5)))
    assert most == 1


async def test_strangers_fill_their_own_queue_only_and_so_does_each_person() -> None:
    verifier = PasswordVerifier()
    leave = asyncio.Event()

    async def stay(whose: str = "") -> None:
        async with verifier.turn(whose):
            await leave.wait()

    many = [asyncio.create_task(stay(whose)) for whose in ("", "anna") for _ in range(8)]
    await asyncio.sleep(0)
    for whose in ("", "anna"):
        with pytest.raises(TooManyAttemptsError):
            await stay(whose)
    owner = asyncio.create_task(stay("owner"))
    leave.set()
    await asyncio.gather(owner, *many)
    await stay()
    assert not verifier._waiting


async def test_a_password_is_hashed_as_that_of_the_owner_is(password_hash: str) -> None:
    made = await PasswordVerifier().make("another password", password_hash)
    assert made.rsplit("$", 2)[0] == password_hash.rsplit("$", 2)[0]
    assert verify_hash(made, "another password")


@pytest.mark.parametrize("damaged", ["", "garbage", "$argon2id$v=19$n=8,t=1,p=1$c29tZXNhbHQ$x"])
def test_of_a_hash_that_is_damaged_no_password_is_the_one(damaged: str) -> None:
    assert not verify_hash(damaged, "four words and more")
