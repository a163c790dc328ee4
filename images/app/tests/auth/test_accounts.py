"""Logging in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inkstand.auth.accounts import Accounts
from inkstand.auth.attempts import Attempts
from inkstand.auth.passwords import PasswordVerifier
from inkstand.auth.tokens import Tokens
from inkstand.errors import InvalidCredentialsError

pytestmark = pytest.mark.unit


class CountingVerifier(PasswordVerifier):
    """Counts how often it was asked."""

    asked = 0

    async def verify(self, password: str) -> bool:
        self.asked += 1
        return await super().verify(password)


@pytest.fixture
def verifier(password_hash: str) -> CountingVerifier:
    return CountingVerifier(password_hash)


@pytest.fixture
def accounts(verifier: CountingVerifier) -> Accounts:
    tokens = Tokens("0123456789abcdef" * 2, "jürgen", timedelta(hours=1))
    return Accounts("jürgen", verifier, tokens, Attempts())


async def test_the_owner_gets_a_token_that_names_the_owner(
    accounts: Accounts, password: str
) -> None:
    token = await accounts.log_in("jürgen", password, "192.0.2.1")
    assert accounts.user_of(token) == "jürgen"


@pytest.mark.parametrize("username", ["nobody", "", "JÜRGEN", "\ud800"])
async def test_an_unknown_user_costs_a_verification_like_a_known_one(
    accounts: Accounts, verifier: CountingVerifier, password: str, username: str
) -> None:
    with pytest.raises(InvalidCredentialsError):
        await accounts.log_in(username, password, "192.0.2.1")
    assert verifier.asked == 1
