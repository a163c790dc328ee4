"""Logging in."""

from __future__ import annotations

from typing import Any

import pytest

from inkstand.auth.model import Scope, Visitor
from inkstand.errors import InvalidCredentialsError

pytestmark = pytest.mark.unit
Office = Any
HOME = Visitor("192.0.2.1", "Firefox")


async def test_the_owner_gets_a_token_that_names_the_owner(office: Office, password: str) -> None:
    issued = await office.accounts.log_in("jürgen", password, HOME)
    principal = office.accounts.verify(issued.token)
    assert (principal.user, principal.scope, principal.via) == ("jürgen", Scope.ADMIN, "header")


@pytest.mark.parametrize("username", ["nobody", "", "JÜRGEN", "\ud800"])
async def test_an_unknown_user_costs_a_verification_like_a_known_one(
    office: Office, password: str, username: str
) -> None:
    with pytest.raises(InvalidCredentialsError):
        await office.accounts.log_in(username, password, HOME)
    assert office.verifier.asked == 1
