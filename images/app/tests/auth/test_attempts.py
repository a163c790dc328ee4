"""How often somebody may guess."""

from __future__ import annotations

import pytest

from inkstand.auth.attempts import Attempts
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
    return Attempts(watch)


def fail(attempts: Attempts, times: int, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        attempts.failed(address)


def test_nine_failures_cost_nothing(attempts: Attempts) -> None:
    fail(attempts, 9)
    attempts.check("192.0.2.1")


def test_each_further_failure_doubles_the_wait_up_to_a_minute(
    attempts: Attempts, watch: Watch
) -> None:
    fail(attempts, 9)
    waits = []
    for _ in range(8):
        fail(attempts, 1)
        with pytest.raises(TooManyAttemptsError) as caught:
            attempts.check("192.0.2.1")
        waits.append(caught.value.retry_after)
        watch.seconds += caught.value.retry_after
        attempts.check("192.0.2.1")
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_another_address_does_not_wait(attempts: Attempts) -> None:
    fail(attempts, 12)
    attempts.check("192.0.2.2")


def test_the_right_password_forgets(attempts: Attempts) -> None:
    fail(attempts, 9)
    attempts.succeeded("192.0.2.1")
    fail(attempts, 9)
    attempts.check("192.0.2.1")


def test_only_so_many_addresses_are_remembered(attempts: Attempts) -> None:
    for number in range(5000):
        attempts.failed(str(number))
    assert len(attempts._records) == 1024
