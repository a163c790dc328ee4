"""How often somebody may guess."""

from __future__ import annotations

import pytest

from inkstand.accounts.attempts import Attempts, buckets_of
from inkstand.accounts.model import Visitor
from inkstand.errors import TooManyAttemptsError

pytestmark = pytest.mark.unit


class Watch:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def attempts(watch: Watch) -> Attempts:
    return Attempts("john", watch)


ADDRESS, OTHER = ("address", "192.0.2.1"), ("address", "192.0.2.2")
ACCOUNT = ("account", "1f2e")


def fail(attempts: Attempts, times: int, *buckets: tuple[str, str]) -> None:
    for _ in range(times):
        attempts.failed(*(buckets or (ADDRESS,)))


def test_nine_failures_cost_nothing(attempts: Attempts) -> None:
    fail(attempts, 9)
    attempts.check(ADDRESS)


def test_each_further_failure_doubles_the_wait_up_to_a_minute(
    attempts: Attempts, watch: Watch
) -> None:
    fail(attempts, 9)
    waits = []
    for _ in range(8):
        fail(attempts, 1)
        with pytest.raises(TooManyAttemptsError) as caught:
            attempts.check(ADDRESS)
        waits.append(caught.value.retry_after)
        watch.seconds += caught.value.retry_after
        attempts.check(ADDRESS)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_another_address_does_not_wait(attempts: Attempts) -> None:
    fail(attempts, 12)
    attempts.check(OTHER)


def test_many_addresses_together_make_the_account_wait(attempts: Attempts) -> None:
    for number in range(30):
        attempts.failed(("address", f"192.0.2.{number}"), ACCOUNT)
    attempts.check(("address", "192.0.2.3"))
    with pytest.raises(TooManyAttemptsError):
        attempts.check(("address", "198.51.100.1"), ACCOUNT)


def test_the_right_password_forgets(attempts: Attempts) -> None:
    fail(attempts, 9)
    attempts.succeeded(ADDRESS)
    fail(attempts, 9)
    attempts.check(ADDRESS)


def test_a_day_forgets(attempts: Attempts, watch: Watch) -> None:
    fail(attempts, 20)
    watch.seconds += 86_401
    fail(attempts, 9)
    attempts.check(ADDRESS)


def test_only_so_many_addresses_are_remembered(attempts: Attempts) -> None:
    for number in range(5000):
        attempts.failed(("address", str(number)))
    assert len(attempts._records["address"]) == 1024


def test_all_failures_are_counted(attempts: Attempts) -> None:
    fail(attempts, 3, ADDRESS, ACCOUNT)
    attempts.succeeded(ADDRESS)
    assert attempts.failures == 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("", "somewhere", False),
    ],
)
def test_an_address_is_counted_as_the_network_that_one_client_has(
    one: str, other: str, same: bool
) -> None:
    first, second = (buckets_of(Visitor(address), "john")[0] for address in (one, other))
    assert (first == second) is same


def test_an_unknown_user_is_counted_like_a_known_one() -> None:
    kinds = [kind for kind, _ in buckets_of(Visitor("192.0.2.1"), "\ud800" * 9999)]
    assert kinds == ["address", "account"]


def test_what_is_remembered_of_a_name_is_short() -> None:
    assert all(len(name) < 50 for _, name in buckets_of(Visitor("192.0.2.1"), "x" * 9999))


def test_a_known_device_is_counted_by_itself() -> None:
    visitor = Visitor("192.0.2.1", device="a1b2")
    assert buckets_of(visitor, "john") == (("device", "a1b2"),)


def test_a_crowd_of_names_makes_no_room_for_more_guesses_at_the_owner(watch: Watch) -> None:
    """Somebody with any number of addresses, who may try once every 50 ms, for an hour."""
    attempts, guesses, crowd = Attempts("john", watch), 0, 0
    end = watch.seconds + 3600
    while watch.seconds < end:
        watch.seconds += 0.05
        address = f"2001:db8:{crowd >> 16:x}:{crowd & 0xFFFF:x}::1"
        guess = buckets_of(Visitor(address), "john")
        try:
            attempts.check(*guess)
            attempts.failed(*guess)
            guesses += 1
        except TooManyAttemptsError:
            attempts.failed(*buckets_of(Visitor(address), f"name {crowd}"))
        crowd += 1
    assert 30 < guesses <= 100


def test_the_right_password_forgets_what_was_counted_for_the_owner(attempts: Attempts) -> None:
    owner = buckets_of(Visitor("192.0.2.9"), "john")
    fail(attempts, 40, owner[1])
    attempts.succeeded(*owner)
    attempts.check(*owner)
