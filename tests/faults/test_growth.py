"""A leak is found, and noise is none."""

from __future__ import annotations

import random

import pytest

from tests.faults.growth import LONG, Sample, trend

pytestmark = pytest.mark.unit

ALLOWED = 12.0
"""MB a day."""
LIFE = 7200.0
EVERY = 90.0


def life(seed: int, a_day: float = 0.0, noise: float = 0.2, name: str = "1@1") -> list[Sample]:
    """Give two hours of samples in MB of something that needs 40 MB and grows by so many a day."""
    chance = random.Random(seed)
    return [
        Sample(name, at * EVERY, 40 + a_day * at * EVERY / 86400 + chance.uniform(-noise, noise))
        for at in range(int(LIFE / EVERY))
    ]


@pytest.mark.parametrize("seed", range(20))
def test_a_leak_of_a_megabyte_an_hour_is_found(seed: int) -> None:
    found = trend(life(seed, a_day=24))
    assert found
    assert found.exceeds(ALLOWED)
    assert found.least <= found.a_day <= found.most
    assert found.a_day == pytest.approx(24, abs=6)


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_growth(seed: int) -> None:
    found = trend(life(seed, noise=3))
    assert found
    assert not found.exceeds(ALLOWED)


def test_a_leak_is_found_although_the_process_was_started_anew_meanwhile() -> None:
    """Each life begins with as little as the first."""
    later = [Sample("2@2", it.at + LIFE, it.value) for it in life(2, a_day=24)]
    found = trend([*life(1, a_day=24), *later])
    assert found
    assert found.exceeds(ALLOWED)


def test_who_takes_more_in_another_life_does_not_grow() -> None:
    later = [Sample("2@2", it.at + LIFE, it.value + 20) for it in life(2)]
    found = trend([*life(1), *later])
    assert found
    assert found.a_day == pytest.approx(0, abs=5)
    assert not found.exceeds(ALLOWED)


def test_one_peak_is_no_growth() -> None:
    samples = life(1)
    samples[-3:] = [Sample(it.life, it.at, it.value + 50) for it in samples[-3:]]
    found = trend(samples)
    assert found
    assert not found.exceeds(ALLOWED)


def test_what_fills_up_in_the_first_half_of_a_life_is_no_growth() -> None:
    filling = [Sample("1@1", at * EVERY, min(at, 30)) for at in range(61)]
    found = trend(filling)
    assert found
    assert (found.a_day, found.seconds) == (0, 30 * EVERY)


def test_it_may_be_too_early_to_tell() -> None:
    short = [it for it in life(1, a_day=1000) if it.at < 2 * LONG]
    found = trend(short)
    assert found
    assert found.least > ALLOWED
    assert not found.exceeds(ALLOWED)
    assert trend(short[:2]) is None
    assert trend([]) is None
