"""The gate and what waits, by a clock that only goes on when somebody sleeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from inkstand_host.release import gate, health, waiting
from inkstand_host.release.health import Demands, Observation

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

NOTHING = Demands((), (), app=False, edge=False)


@dataclass
class Clock:
    now: float = 100.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    stand_in = SimpleNamespace(monotonic=lambda: clock.now, sleep=clock.sleep)
    for module in (gate, waiting):
        monkeypatch.setattr(module, "time", stand_in)
    return clock


def deaf_then_well(times: int) -> Iterator[Observation]:
    ill = Observation({}, bridge="deaf")
    yield from [ill] * times
    while True:
        yield replace(ill, bridge="ok")


def test_a_release_is_watched_until_it_was_well_for_long_enough(clock: Clock) -> None:
    row = deaf_then_well(2)
    verdict = gate.watch(lambda: next(row), NOTHING, 30, 2)
    assert (verdict.why, verdict.seen.bridge, verdict.seconds) == ("", "ok", 3)


def test_a_release_is_watched_until_its_time_is_over(clock: Clock) -> None:
    row = deaf_then_well(1000)
    verdict = gate.watch(lambda: next(row), NOTHING, 30, 2)
    assert (verdict.why, verdict.seconds) == ("pigpiod does not answer: deaf", 30)


def test_the_gate_goes_by_the_settings(
    pi: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = deaf_then_well(3)
    asked: set[Any] = set()

    def observe(*whom: Any) -> Observation:
        asked.add(whom)
        return next(row)

    monkeypatch.setattr(health, "observe", observe)
    pi.configure(gate_seconds=30, steady_seconds=4)
    assert gate.pass_through(pi.engine, pi.settings, NOTHING).seconds == 5.5
    assert asked == {(pi.engine, pi.settings)}
    pi.configure(gate_seconds=1, steady_seconds=0)
    row = deaf_then_well(3)
    assert gate.pass_through(pi.engine, pi.settings, NOTHING).why


def test_what_comes_true_is_waited_for_and_nothing_longer(clock: Clock) -> None:
    assert waiting.wait_for(lambda: clock.now > 100.5, 2)
    assert clock.now == pytest.approx(100.6)
    assert not waiting.wait_for(lambda: False, 1.9)
    assert clock.now == pytest.approx(102.6)
    assert waiting.wait_for(lambda: True, 0)
    assert clock.now == pytest.approx(102.6)
