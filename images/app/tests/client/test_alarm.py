"""A wait that takes too long ends, also when Python was busy with something else just then."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from inkstand.client import terminal
from inkstand.client.errors import WaitedTooLongError

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit
LATE = WaitedTooLongError("too late")


class Deaf:
    """Whatever is raised while it goes is lost, as Python does with destructors."""

    def __del__(self) -> None:
        signal.pause()


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What Python has to say of errors that nobody gets."""
    lost: list[object] = []
    note: Callable[[sys.UnraisableHookArgs], None] = lambda it: lost.append(it.exc_value)  # noqa: E731
    monkeypatch.setattr(sys, "unraisablehook", note)
    return lost


def wait_deaf_and_then_not() -> None:
    deaf = Deaf()
    del deaf
    signal.pause()


def test_an_alarm_that_nobody_heard_rings_again(
    lost: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "_AGAIN", 0.01)
    with pytest.raises(WaitedTooLongError), terminal.alarm(0.01, LATE):
        wait_deaf_and_then_not()
    assert lost == [LATE]


def test_it_does_not_ring_when_nobody_waits_any_more() -> None:
    with terminal.alarm(60, LATE):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
