"""A code from the Pi lets the owner in, whatever others do."""

from __future__ import annotations

import asyncio
import stat
from typing import TYPE_CHECKING

import pytest

from inkstand.accounts.attempts import Attempts, buckets_of
from inkstand.accounts.authenticator import Authenticator
from inkstand.accounts.login_code import LIFETIME, LoginCode, make_code
from inkstand.accounts.model import Visitor
from inkstand.accounts.passwords import PasswordVerifier
from inkstand.accounts.people import People
from inkstand.errors import (
    InvalidCredentialsError,
    StorageError,
    StorageUnavailableError,
    TooManyAttemptsError,
)
from inkstand.storage.database import Database

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit
HERE = Visitor("192.0.2.1")


@pytest.fixture
def attempts() -> Attempts:
    return Attempts("john")


@pytest.fixture
def authenticator(password_hash: str, attempts: Attempts, tmp_path: Path) -> Authenticator:
    database = Database("accounts", lambda error: StorageError(str(error)))
    people = People("john", password_hash, database, attempts)
    return Authenticator(people, PasswordVerifier(), attempts, LoginCode(tmp_path))


async def test_while_others_guess_for_hours_the_owner_gets_in_with_a_code(
    authenticator: Authenticator, attempts: Attempts, password: str, tmp_path: Path
) -> None:
    for number in range(60):
        attempts.failed(*buckets_of(Visitor(f"198.51.100.{number}"), "john"))
    with pytest.raises(TooManyAttemptsError):
        await authenticator.admit("john", password, HERE)
    await authenticator.admit("john", make_code(tmp_path), HERE)
    # Others wait on.
    with pytest.raises(TooManyAttemptsError):
        await authenticator.admit("john", password, HERE)


async def test_guessers_that_wait_for_the_verifier_keep_nobody_with_a_code_waiting(
    authenticator: Authenticator, tmp_path: Path
) -> None:
    async with authenticator._passwords.turn():
        async with asyncio.timeout(60):
            await authenticator.admit("john", make_code(tmp_path), HERE)


async def test_a_code_is_good_once_and_for_its_user(
    authenticator: Authenticator, tmp_path: Path
) -> None:
    code = make_code(tmp_path)
    with pytest.raises(InvalidCredentialsError):
        await authenticator.admit("jane", code, HERE)
    await authenticator.admit("john", code.lower().replace("-", " "), HERE)
    with pytest.raises(InvalidCredentialsError):
        await authenticator.admit("john", code, HERE)


async def test_of_many_that_come_with_it_at_a_time_one_gets_in(tmp_path: Path) -> None:
    said, code = make_code(tmp_path), LoginCode(tmp_path)
    came = await asyncio.gather(*(asyncio.to_thread(code.redeem, said) for _ in range(20)))
    assert came.count(True) == 1


def test_a_code_ends(tmp_path: Path) -> None:
    said = make_code(tmp_path, lambda: 1000.0)
    assert not LoginCode(tmp_path, lambda: 1000.0 + LIFETIME).redeem(said)
    said = make_code(tmp_path, lambda: 1000.0)
    assert LoginCode(tmp_path, lambda: 999.0 + LIFETIME).redeem(said)


def test_a_new_code_ends_the_one_before(tmp_path: Path) -> None:
    old, new = make_code(tmp_path), make_code(tmp_path)
    assert not LoginCode(tmp_path).redeem(old)
    assert LoginCode(tmp_path).redeem(new)


@pytest.mark.parametrize("said", ["", "-", "A" * 15, "A" * 17, "\ud800" * 16, "A" * 16, "0" * 16])
def test_nothing_else_is_a_code(tmp_path: Path, said: str) -> None:
    for directory in (None, tmp_path):
        assert not LoginCode(directory).redeem(said)
    code = make_code(tmp_path)
    assert not LoginCode(tmp_path).redeem(said)
    assert LoginCode(tmp_path).redeem(code)


def test_what_is_kept_is_not_the_code_and_only_its_user_reads_it(tmp_path: Path) -> None:
    code = make_code(tmp_path)
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert code.replace("-", "") not in file.read_text()


def test_codes_are_long_and_all_different(tmp_path: Path) -> None:
    codes = {make_code(tmp_path) for _ in range(100)}
    assert len(codes) == 100
    assert {len(code) for code in codes} == {19}


def test_where_nothing_can_be_kept_it_says_where_to_run_it(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailableError, match="docker exec inkstand-app"):
        make_code(tmp_path / "nowhere")
