"""What each command answers, and handles."""

from collections.abc import Callable
from typing import Any

import pytest

from pigpiod_bridge.bridge import Bridge
from pigpiod_bridge.clock import ManualClock
from pigpiod_bridge.lines import LineError, Mode
from pigpiod_bridge.simulated import REVISION, SimulatedLines
from pigpiod_bridge.wire import Command

pytestmark = pytest.mark.unit

BIT = 1 << 22
NOT_THERE = 0xFFFF_FFFF


@pytest.mark.parametrize(
    ("command", "p1", "p2", "result"),
    [
        (Command.MODES, 22, 0, 0),
        (Command.MODES, 22, 7, 0),
        (Command.MODES, 22, 8, -4),
        (Command.MODES, 21, 0, -41),
        (Command.MODES, 53, 0, -41),
        (Command.MODES, 54, 0, -3),
        (Command.MODES, NOT_THERE, 0, -3),
        (Command.MODEG, 4, 0, 0),
        (Command.MODEG, 53, 0, 0),
        (Command.MODEG, 54, 0, -3),
        (Command.PUD, 22, 2, 0),
        (Command.PUD, 22, 3, -6),
        (Command.PUD, 23, 2, -41),
        (Command.PUD, 54, 2, -3),
        (Command.READ, 22, 0, 1),
        (Command.READ, 21, 0, 1),
        (Command.READ, 53, 0, 0),
        (Command.READ, 54, 0, -3),
        (Command.WRITE, 22, 1, 0),
        (Command.WRITE, 22, 2, -5),
        (Command.WRITE, 21, 1, -41),
        (Command.WRITE, 54, 1, -3),
        (Command.WDOG, 31, 60_000, 0),
        (Command.WDOG, 32, 0, -2),
        (Command.WDOG, 22, 60_001, -15),
        (Command.BR1, 0, 0, 0x0FFF_FFFF),
        (Command.TICK, 0, 0, 100_000),
        (Command.HWVER, 0, 0, REVISION),
        (Command.NB, 0, BIT, -25),
        (Command.NP, 31, 0, -25),
        (Command.NC, NOT_THERE, 0, -25),
        (Command.EVM, 32, 0, -25),
        (Command.PIGPV, 0, 0, 79),
        (Command.FG, 22, 300_000, 0),
        (Command.FG, 22, 300_001, -125),
        (Command.FG, 32, 0, -2),
        (Command.FN, 32, 0, -2),
        (Command.NOIB, 0, 0, 0),
        *((unknown, 0, 0, -88) for unknown in (5, 18, 38, 54, 71, 76, 104, 110, 116, 999)),
    ],
)
def test_result_of(client: Any, command: int, p1: int, p2: int, result: int) -> None:
    assert client.ask(command, p1, p2) == result


@pytest.mark.parametrize(
    ("steady", "extension", "result"),
    [
        (300_000, (1_000_000).to_bytes(4, "little"), 0),
        (300_001, bytes(4), -125),
        (0, (1_000_001).to_bytes(4, "little"), -125),
        (1000, b"", -125),
        (1000, b"abc", -125),
    ],
)
def test_noise_filter_result(client: Any, steady: int, extension: bytes, result: int) -> None:
    assert client.ask(Command.FN, 22, steady, extension) == result


def test_levels_with_bit_31_set_are_no_error(
    lines: SimulatedLines, bridge: Bridge, client: Any
) -> None:
    lines.drive(31, 1)
    assert client.ask(Command.BR1) & 0xFFFF_FFFF == 0x8FFF_FFFF


def test_the_tick_wraps_after_32_bits(clock: ManualClock, client: Any) -> None:
    clock.advance((1 << 32) - 100_000 + 5)
    assert client.ask(Command.TICK) == 5


def test_writing_makes_an_output(client: Any) -> None:
    client.ask(Command.WRITE, 22, 0)
    assert (client.ask(Command.MODEG, 22), client.ask(Command.READ, 22)) == (Mode.OUTPUT, 0)


def test_what_the_lines_refuse_is_not_permitted(
    lines: SimulatedLines, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(gpio: int, mode: Mode) -> None:
        raise LineError(f"GPIO {gpio} cannot be {mode}")

    monkeypatch.setattr(lines, "set_mode", refuse)
    assert client.ask(Command.MODES, 22, Mode.ALT0) == -41


def test_the_lowest_free_handle_is_given_and_there_are_32(
    new_client: Callable[[], Any],
) -> None:
    clients = [new_client() for _ in range(33)]
    assert [c.ask(Command.NOIB) for c in clients] == [*range(32), -24]
    assert clients[0].ask(Command.NC, 7) == 0
    assert clients[32].ask(Command.NOIB) == 7


def test_handles_are_global_any_client_can_begin_pause_and_close_a_stream(
    new_client: Callable[[], Any], lines: SimulatedLines
) -> None:
    stream, other = new_client(), new_client()
    handle = stream.ask(Command.NOIB)
    assert other.ask(Command.NB, handle, BIT) == 0
    lines.drive(22, 0)
    assert other.ask(Command.NP, handle) == 0
    lines.drive(22, 1)
    assert other.ask(Command.NB, handle, BIT) == 0
    lines.drive(22, 0)
    assert other.ask(Command.NC, handle) == 0
    lines.drive(22, 1)
    assert [level for _, _, level in stream.seen()] == [0, 0]
    assert other.ask(Command.NB, handle, BIT) == -25


def test_a_closed_connection_frees_its_handle(new_client: Callable[[], Any]) -> None:
    stream, other = new_client(), new_client()
    assert stream.ask(Command.NOIB) == 0
    stream.session.close()
    assert other.ask(Command.NB, 0, BIT) == -25
    assert other.ask(Command.NOIB) == 0


def test_a_closed_connection_frees_no_handle_that_somebody_else_has_by_now(
    new_client: Callable[[], Any],
) -> None:
    first, second = new_client(), new_client()
    first.ask(Command.NOIB)
    first.ask(Command.NC, 0)
    assert second.ask(Command.NOIB) == 0
    first.session.close()
    assert second.ask(Command.NB, 0, BIT) == 0


def test_a_connection_has_one_stream_a_second_one_replaces_it(client: Any) -> None:
    assert client.ask(Command.NOIB) == 0
    assert client.ask(Command.NOIB) == 1
    assert client.ask(Command.NB, 0, BIT) == -25
    assert client.ask(Command.NB, 1, BIT) == 0


def test_events_can_be_asked_for_on_an_open_handle(client: Any) -> None:
    assert client.ask(Command.EVM, client.ask(Command.NOIB), 1) == 0


def test_enabling_a_bit_sends_nothing(lines: SimulatedLines, client: Any) -> None:
    lines.drive(22, 0)
    client.ask(Command.NB, client.ask(Command.NOIB), BIT)
    assert client.reports == []


def test_a_filtered_press_is_reported_at_the_end_of_its_stable_time(
    lines: SimulatedLines, clock: ManualClock, client: Any
) -> None:
    client.ask(Command.FG, 22, 10_000)
    client.ask(Command.NB, client.ask(Command.NOIB), BIT)
    lines.drive(22, 0)
    clock.advance(9_999)
    assert client.reports == []
    clock.advance(1)
    assert client.seen() == [(0, 110_000, 0)]


def test_the_filter_does_not_touch_what_is_read(lines: SimulatedLines, client: Any) -> None:
    client.ask(Command.FG, 22, 10_000)
    lines.drive(22, 0)
    assert client.ask(Command.READ, 22) == 0
    assert client.ask(Command.BR1) == 0x0FFF_FFFF ^ BIT


def test_switching_the_filter_off_reports_what_it_held_back(
    lines: SimulatedLines, clock: ManualClock, client: Any
) -> None:
    client.ask(Command.FG, 22, 10_000)
    client.ask(Command.NB, client.ask(Command.NOIB), BIT)
    lines.drive(22, 0)
    clock.advance(2_000)
    client.ask(Command.FG, 22, 0)
    clock.advance(0)
    assert client.seen() == [(0, 102_000, 0)]


def test_lines_that_debounce_themselves_are_not_filtered_again(
    lines: SimulatedLines, clock: ManualClock, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    def debounce(gpio: int, steady: int) -> bool:
        asked.append((gpio, steady))
        return True

    monkeypatch.setattr(lines, "debounce", debounce)
    client.ask(Command.FG, 22, 10_000)
    client.ask(Command.NB, client.ask(Command.NOIB), BIT)
    lines.drive(22, 0, at=99_000)
    assert asked == [(22, 10_000)]
    assert client.seen() == [(0, 99_000, 0)]


def test_a_watchdog_that_begins_to_be_listened_to_counts_from_its_last_beat(
    clock: ManualClock, client: Any
) -> None:
    client.ask(Command.WDOG, 22, 100)
    clock.advance(250_000)
    client.ask(Command.NB, client.ask(Command.NOIB), BIT)
    clock.advance(50_000)
    assert client.seen() == [(0x36, 400_000, 1)]


def test_no_timer_is_left_when_the_last_stream_is_gone(
    clock: ManualClock, client: Any, bridge: Bridge
) -> None:
    client.ask(Command.WDOG, 22, 1)
    client.ask(Command.NB, client.ask(Command.NOIB), BIT)
    client.session.close()
    clock.advance(120_000_000)
    assert client.reports == []
    assert bridge.monitor.next_due() is None
