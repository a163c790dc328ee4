"""Logging in, and what a token is good for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import statistics
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.accounts.model import Kind, Scope, Visitor
from inkstand.errors import (
    InvalidCredentialsError,
    InvalidTokenError,
    StorageFullError,
    TokenNotFoundError,
    TooManyAttemptsError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.integration
Office = Any
HOME = Visitor("192.0.2.1", "Firefox")
DAY = timedelta(days=1)


async def log_in(office: Office, password: str, visitor: Visitor = HOME) -> Any:
    return await office.accounts.log_in("jürgen", password, visitor)


async def guess(office: Office, times: int, visitor: Visitor = HOME) -> None:
    for _ in range(times):
        with pytest.raises(InvalidCredentialsError):
            await log_in(office, "wrong", visitor)


async def test_the_owner_gets_a_token_that_names_the_owner(office: Office, password: str) -> None:
    issued = await log_in(office, password)
    principal = office.accounts.verify(issued.token)
    assert (principal.user, principal.scope, principal.via) == ("jürgen", Scope.ADMIN, "header")
    assert principal.token_id == issued.record.id
    assert office.accounts.verify(issued.token, from_cookie=True).via == "cookie"


@pytest.mark.parametrize("username", ["nobody", "", "JÜRGEN", "\ud800"])
async def test_an_unknown_user_costs_a_verification_like_a_known_one(
    office: Office, password: str, username: str
) -> None:
    with pytest.raises(InvalidCredentialsError):
        await office.accounts.log_in(username, password, HOME)
    assert office.verifier.asked == 1


async def test_a_session_ends_after_its_time(office: Office, password: str) -> None:
    issued = await log_in(office, password)
    assert issued.record.expires == office.now + 3600
    office.now += 3599
    office.accounts.verify(issued.token)
    assert not office.accounts.revoked(issued.record.id)
    office.now += 1
    assert office.accounts.revoked(issued.record.id)
    with pytest.raises(InvalidTokenError):
        office.accounts.verify(issued.token)
    with pytest.raises(InvalidTokenError):
        office.accounts.verify(issued.token)


async def test_who_has_expired_is_told_to_go(
    office: Office, password: str, eventually: Callable[..., Awaitable[None]]
) -> None:
    issued = await log_in(office, password)
    office.now = issued.record.expires - 0.05
    task = asyncio.create_task(office.accounts.run())
    await asyncio.sleep(0)
    office.now = issued.record.expires
    await eventually(lambda: office.revoked == [issued.record.id])
    assert not await office.registry.kept()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_clock_that_is_years_ahead_ends_nothing_for_good(
    office: Office, password: str
) -> None:
    session = await log_in(office, password)
    named = await office.accounts.create("kitchen", Scope.READ, DAY)
    right = office.now
    office.now, office.right = right + 3653 * 86_400, False
    await office.reopen()
    for token in (session.token, named.token):
        with pytest.raises(InvalidTokenError):
            office.accounts.verify(token)
    office.now, office.right = right, True
    await office.reopen()
    for token in (session.token, named.token):
        assert office.accounts.verify(token).user == "jürgen"


async def test_what_has_expired_by_a_wrong_clock_keeps_nobody_busy(
    office: Office, password: str
) -> None:
    await log_in(office, password)
    office.now, office.right = office.now + 86_400, False
    office.asked = 0
    task = asyncio.create_task(office.accounts.run())
    for _ in range(100):
        await asyncio.sleep(0)
    assert office.asked < 10
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(("days", "good"), [(1, True), (3653, False)])
async def test_a_session_that_a_clock_years_ahead_opened_ends_once_the_time_is_right(
    office: Office, password: str, days: int, good: bool
) -> None:
    right = office.now
    office.now, office.right = right + days * 86_400, False
    session = await log_in(office, password)
    named = await office.accounts.create("kitchen", Scope.READ, DAY)
    office.now = right
    await office.reopen()
    office.accounts.verify(session.token)
    office.right = True
    await office.reopen()
    office.accounts.verify(named.token)
    assert office.accounts.revoked(session.record.id) is not good


async def test_a_named_token_may_last_for_ever(office: Office) -> None:
    issued = await office.accounts.create("kitchen", Scope.READ, None)
    office.now += 3e9
    assert office.accounts.verify(issued.token).scope is Scope.READ


async def test_a_revoked_token_is_refused_although_it_was_just_accepted(office: Office) -> None:
    issued = await office.accounts.create("kitchen", Scope.READ, DAY)
    office.accounts.verify(issued.token)
    await office.accounts.revoke(issued.record.id)
    with pytest.raises(InvalidTokenError):
        office.accounts.verify(issued.token)
    assert office.accounts.revoked(issued.record.id)
    assert office.revoked == [issued.record.id]
    with pytest.raises(InvalidTokenError):
        office.accounts.verify(issued.token)


async def test_a_token_that_is_not_there_cannot_be_revoked_or_looked_at(office: Office) -> None:
    with pytest.raises(TokenNotFoundError):
        await office.accounts.revoke("0123")
    with pytest.raises(TokenNotFoundError):
        office.accounts.get("0123")
    assert office.accounts.revoked("0123")


async def test_all_tokens_are_told_with_their_last_use(office: Office, password: str) -> None:
    session = await log_in(office, password)
    named = await office.accounts.create("kitchen", Scope.POST, DAY)
    office.now += 60
    office.accounts.verify(named.token)
    told = {each.name: each for each in office.accounts.tokens()}
    assert list(told) == ["Firefox", "kitchen"]
    assert told["Firefox"].kind is Kind.SESSION
    assert told["Firefox"].used is None
    assert told["kitchen"].used == office.now
    assert office.accounts.get(named.record.id) == told["kitchen"]
    office.now = session.record.expires
    assert [each.name for each in office.accounts.tokens()] == ["kitchen"]


@pytest.mark.parametrize(
    ("agent", "name"),
    [("curl/8.14", "curl/8.14"), ("", "unknown"), (" \x00\n ", "unknown"), ("x" * 999, "x" * 100)],
)
async def test_a_session_is_named_after_the_program(
    office: Office, password: str, agent: str, name: str
) -> None:
    issued = await log_in(office, password, Visitor("192.0.2.1", agent))
    assert issued.record.name == name


async def test_tokens_and_sessions_outlive_a_restart(office: Office, password: str) -> None:
    issued = await log_in(office, password)
    await office.reopen()
    assert office.accounts.verify(issued.token).user == "jürgen"


async def test_a_rotated_key_logs_nobody_out(office: Office, password: str) -> None:
    issued = await log_in(office, password)
    office.secrets = "another key of thirty-two bytes or more\n" + office.secrets
    await office.reopen()
    office.accounts.verify(issued.token)
    office.secrets = office.secrets.partition("\n")[0]
    await office.reopen()
    with pytest.raises(InvalidTokenError):
        office.accounts.verify(issued.token)


async def test_a_new_password_ends_sessions_and_leaves_named_tokens(
    office: Office, password: str
) -> None:
    session = await log_in(office, password)
    named = await office.accounts.create("kitchen", Scope.POST, DAY)
    office.password_hash = office.password_hash.replace(",t=1,", ",t=2,", 1)
    await office.reopen()
    assert office.revoked == [session.record.id]
    office.accounts.verify(named.token)
    with pytest.raises(InvalidTokenError):
        office.accounts.verify(session.token)


async def test_another_owner_has_no_use_for_the_tokens_of_the_last(
    office: Office, password: str
) -> None:
    issued = await log_in(office, password)
    mark = office.accounts.mark_device("jürgen")
    office.username = "john"
    await office.reopen()
    with pytest.raises(InvalidTokenError):
        office.accounts.verify(issued.token)
    assert office.accounts.known_device(mark, office.username) is None


async def test_a_token_of_another_user_with_a_known_id_is_refused(
    office: Office, record: Any
) -> None:
    await office.registry.add(record("a1b2"))
    token = office.accounts._signer.sign(record("a1b2", user="john"))
    with pytest.raises(InvalidTokenError):
        office.accounts.verify(token)


async def test_on_a_full_disk_one_can_log_in_and_no_token_is_made(
    office: Office, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    office.registry.full = True
    with caplog.at_level(logging.WARNING):
        issued = await log_in(office, password)
    assert "a session cannot be kept" in caplog.text
    assert issued.token not in caplog.text
    office.accounts.verify(issued.token)
    with pytest.raises(StorageFullError):
        await office.accounts.create("kitchen", Scope.READ, DAY)
    assert [each.name for each in office.accounts.tokens()] == ["Firefox"]


async def test_what_cannot_be_tidied_does_not_stop_the_start(
    office: Office, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    issued = await log_in(office, password)
    office.now = issued.record.expires
    with caplog.at_level(logging.WARNING):
        await office.reopen(full=True)
    assert "cannot be tidied" in caplog.text
    assert office.accounts.tokens() == ()


async def test_only_so_many_verified_tokens_are_remembered(office: Office) -> None:
    issued = [await office.accounts.create(str(n), Scope.READ, DAY) for n in range(520)]
    for each in issued:
        office.accounts.verify(each.token)
    assert len(office.accounts._verified) == 512
    office.accounts.verify(issued[0].token)


async def test_garbage_is_not_remembered(office: Office) -> None:
    for number in range(1000):
        with pytest.raises(InvalidTokenError):
            office.accounts.verify(f"garbage {number}")
    assert not office.accounts._verified


async def test_strangers_cannot_lock_the_owner_out_of_a_device_that_is_known(
    office: Office, password: str
) -> None:
    device = office.accounts.known_device(office.accounts.mark_device("jürgen"), "jürgen")
    for number in range(30):
        await guess(office, 1, Visitor(f"198.51.100.{number}"))
    with pytest.raises(TooManyAttemptsError):
        await log_in(office, password)
    known = Visitor("192.0.2.1", "Firefox", device)
    assert await log_in(office, password, known)
    await guess(office, 10, known)
    with pytest.raises(TooManyAttemptsError):
        await log_in(office, password, known)


async def test_attempts_that_come_at_the_same_time_are_counted_one_by_one(office: Office) -> None:
    """Seven more guesses wait for their turn while the tenth is being verified."""
    await guess(office, 9)
    attempts = [log_in(office, "wrong") for _ in range(8)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [InvalidCredentialsError] + [TooManyAttemptsError] * 7
    assert office.verifier.asked == 10
    assert office.accounts.login_failures == 10


async def test_log_ins_are_written_down_without_what_was_typed(
    office: Office, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Who takes one field for the other writes a password where the name goes."""
    with caplog.at_level(logging.INFO):
        await log_in(office, password)
        await guess(office, 10)
        with pytest.raises(InvalidCredentialsError):
            await office.accounts.log_in("hunter2 hunter2", "x", Visitor("192.0.2.2"))
    assert caplog.messages == [
        "jürgen gave the right password from 192.0.2.1",
        *["a wrong password for jürgen came from 192.0.2.1"] * 10,
        "who guesses has to wait from now on: address 192.0.2.1",
        "a wrong password for an unknown name came from 192.0.2.2",
    ]


async def test_in_an_hour_600_guesses_at_most_and_the_owner_gets_in_on_a_known_device(
    office: Office, password: str
) -> None:
    """Twenty guessers, each as often as it may; the time is counted, not spent."""
    device = office.accounts.known_device(office.accounts.mark_device("jürgen"), "jürgen")
    known = Visitor("192.0.2.1", "Firefox", device)
    end, tries = office.seconds + 3600, 0
    late: list[Any] = []
    while office.seconds < end:
        wait = 60
        for number in range(20):
            try:
                await log_in(office, "wrong", Visitor(f"198.51.100.{number}"))
            except InvalidCredentialsError:
                tries += 1
            except TooManyAttemptsError as error:
                wait = min(wait, error.retry_after)
        if len(late) < (office.seconds - 1000) // 600:
            late.append(await log_in(office, password, known))
        office.seconds += wait
    assert 30 < tries <= 600
    assert len(late) == 5


@pytest.mark.parametrize("mark", ["", "garbage", "a.b.c", "\ud800"])
async def test_a_mark_that_is_none_knows_no_device(office: Office, mark: str) -> None:
    assert office.accounts.known_device(mark, office.username) is None


async def test_a_token_that_was_seen_before_costs_no_cryptography(office: Office) -> None:
    """It takes a fifth of the first time or less, which a check of the signature could not."""
    issued = await office.accounts.create("kitchen", Scope.READ, DAY)

    def seconds(forget: bool) -> float:
        if forget:
            office.accounts._verified.clear()
        start = time.perf_counter()
        office.accounts.verify(issued.token)
        return time.perf_counter() - start

    first = statistics.median(seconds(forget=True) for _ in range(200))
    again = statistics.median(seconds(forget=False) for _ in range(200))
    assert again * 5 < first
