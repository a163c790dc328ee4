"""What every panel does, whatever it is made of."""

from __future__ import annotations

from typing import Any

import pytest

from inkstand.errors import FrameError, PanelFailedError, PanelUnavailableError
from inkstand.frame import Frame
from inkstand.panel import Refresh

pytestmark = pytest.mark.contract
Bench = Any


@pytest.fixture
def frame() -> Frame:
    return Frame(264, 176, bytes((37 * i + 11) % 256 for i in range(5808)))


def test_it_tells_its_size_and_that_it_can_refresh_in_part(bench: Bench) -> None:
    info = bench.panel.info()
    assert (info.width, info.height, info.partial) == (264, 176, True)


def test_a_new_panel_is_white_and_has_no_error(bench: Bench) -> None:
    assert bench.panel.current() == Frame.white(264, 176)
    assert bench.panel.error() is None


@pytest.mark.parametrize("refresh", [Refresh.FULL, Refresh.PARTIAL])
def test_what_is_shown_is_current(bench: Bench, frame: Frame, refresh: Refresh) -> None:
    bench.panel.show(frame, refresh)
    assert bench.panel.current() == frame
    assert bench.panel.error() is None


def test_clearing_makes_it_white(bench: Bench, frame: Frame) -> None:
    bench.panel.show(frame, Refresh.FULL)
    bench.panel.show(frame, Refresh.CLEAR)
    assert bench.panel.current() == Frame.white(264, 176)


def test_a_frame_of_another_size_is_refused_and_nothing_drawn(bench: Bench, frame: Frame) -> None:
    bench.panel.show(frame, Refresh.FULL)
    with pytest.raises(FrameError):
        bench.panel.show(Frame.white(200, 96), Refresh.FULL)
    assert bench.panel.current() == frame


def test_a_failure_is_raised_named_and_leaves_the_glass_as_it_was(
    bench: Bench, frame: Frame
) -> None:
    bench.panel.show(frame, Refresh.FULL)
    bench.break_panel()
    with pytest.raises(PanelFailedError, match="the panel failed: Panel broken"):
        bench.panel.show(Frame.white(264, 176), Refresh.FULL)
    assert bench.panel.error() == "Panel broken"
    assert bench.panel.current() == frame


def test_after_a_failure_it_works_again(bench: Bench, frame: Frame) -> None:
    bench.break_panel()
    with pytest.raises(PanelFailedError):
        bench.panel.show(frame, Refresh.FULL)
    bench.mend()
    bench.panel.show(frame, Refresh.FULL)
    assert bench.panel.error() is None


@pytest.mark.parametrize("celsius", [-20, 0, 7, 35])
def test_it_takes_note_of_how_warm_it_is(bench: Bench, celsius: int, frame: Frame) -> None:
    assert bench.temperature() == 25
    bench.panel.set_temperature(celsius)
    assert bench.temperature() == celsius
    bench.panel.show(frame, Refresh.FULL)
    assert bench.panel.current() == frame


def test_without_a_driver_every_use_says_that_there_is_no_panel(bench: Bench, frame: Frame) -> None:
    bench.kill_driver()
    uses = (bench.panel.info, bench.panel.current, bench.panel.error)
    show, warm = bench.panel.show, bench.panel.set_temperature
    for use in (*uses, lambda: show(frame, Refresh.FULL), lambda: warm(20)):
        with pytest.raises(PanelUnavailableError, match="no panel"):
            use()


def test_a_driver_that_comes_back_knows_what_is_on_the_glass(bench: Bench, frame: Frame) -> None:
    bench.panel.show(frame, Refresh.FULL)
    bench.kill_driver()
    bench.restart_driver()
    assert bench.panel.current() == frame
