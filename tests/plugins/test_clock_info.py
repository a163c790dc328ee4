"""A clock that nobody set is named before anything is downloaded by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

pytestmark = pytest.mark.unit

# 2026-11-28 12:00 UTC.
NOW = 1795867200.0


@pytest.fixture(scope="module")
def module(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("plugins/modules/clock_info.py")


@dataclass
class Clock:
    """A host whose clock a time server sets after some seconds."""

    off: float
    set_after: float = float("inf")
    daemon: str = "systemd-timesyncd"
    passed: float = 0
    asked: list[str] = field(default_factory=list)

    @property
    def is_set(self) -> bool:
        return self.passed >= self.set_after

    def run(self, argv: Sequence[str]) -> str:
        self.asked.append(argv[0])
        if argv[0] == "timedatectl":
            return "yes\n" if self.is_set else "no\n"
        return "".join(f"{'active' if it == self.daemon else 'inactive'}\n" for it in argv[2:])

    def wall(self) -> float:
        return NOW + self.passed + (0 if self.is_set else self.off)

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


def compare(module: Any, clock: Clock) -> str:
    host = module.Host(clock.run, clock.wall, lambda: clock.passed, clock.sleep)
    return str(module.compare(host, NOW, 600, 60))


@pytest.mark.parametrize("off", [0.0, 590.0, -590.0])
def test_one_that_is_right_is_not_asked_who_set_it(module: Any, off: float) -> None:
    clock = Clock(off)
    assert compare(module, clock) == ""
    assert (clock.asked, clock.passed) == ([], 0)


def test_of_two_that_differ_the_one_that_a_time_server_set_is_right(module: Any) -> None:
    """The computer that deploys may have the wrong one."""
    clock = Clock(off=0, set_after=0)
    host = module.Host(clock.run, lambda: NOW + 86400, lambda: 0.0, clock.sleep)
    assert module.compare(host, NOW, 600, 60) == ""


def test_a_time_server_is_waited_for(module: Any) -> None:
    clock = Clock(off=-30 * 86400, set_after=20)
    assert compare(module, clock) == ""
    assert 20 <= clock.passed < 25


def test_one_that_stays_wrong_is_told_with_both_times(module: Any) -> None:
    clock = Clock(off=-NOW)
    said = compare(module, clock)
    assert "the clock says 1970-01-01 00:01 UTC, that of this computer 2026-11-28 12:01" in said
    assert "systemd-timesyncd reached no time server in 60 s" in said
    assert "sudo date --utc --set '2026-11-28 12:01'" in said


def test_where_no_program_sets_it_nobody_waits(module: Any) -> None:
    clock = Clock(off=86400, daemon="")
    assert "sudo timedatectl set-ntp true" in compare(module, clock)
    assert clock.passed == 0
