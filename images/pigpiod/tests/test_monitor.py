"""Report streams, watchdogs and keep-alives."""

from collections.abc import Callable

import pytest

from pigpiod_bridge.monitor import KEEP_ALIVE, Monitor
from pigpiod_bridge.wire import Report

pytestmark = pytest.mark.unit

ALL_HIGH = 0x0FFF_FFFF
BUTTON = 22
BIT = 1 << BUTTON


@pytest.fixture
def monitor() -> Monitor:
    return Monitor(ALL_HIGH)


OpenStream = Callable[..., list[Report]]


@pytest.fixture
def open_stream(monitor: Monitor) -> OpenStream:
    """Opens a stream and returns the list that its reports go to."""

    def open_stream(mask: int = BIT, now: int = 0) -> list[Report]:
        reports: list[Report] = []
        handle = monitor.open(lambda data: reports.append(Report.decode(data)))
        assert handle is not None
        stream = monitor.stream(handle)
        assert stream is not None
        stream.begin(mask, now)
        return reports

    return open_stream


def test_a_change_is_reported_with_all_levels(monitor: Monitor, open_stream: OpenStream) -> None:
    reports = open_stream()
    monitor.edge(BUTTON, 0, 50)
    assert reports == [Report(0, 0, 50, ALL_HIGH ^ BIT)]


def test_only_masked_changes_are_reported(monitor: Monitor, open_stream: OpenStream) -> None:
    reports = open_stream()
    monitor.edge(4, 0, 50)
    monitor.edge(BUTTON, 0, 60)
    assert [(r.seqno, r.levels) for r in reports] == [(0, ALL_HIGH ^ BIT ^ 1 << 4)]


def test_each_stream_counts_for_itself(monitor: Monitor, open_stream: OpenStream) -> None:
    one, other = open_stream(), open_stream(mask=1 << 4)
    monitor.edge(BUTTON, 0, 1)
    monitor.edge(BUTTON, 1, 2)
    monitor.edge(4, 0, 3)
    assert [r.seqno for r in one] == [0, 1]
    assert [r.seqno for r in other] == [0]


def test_the_sequence_number_wraps(monitor: Monitor, open_stream: OpenStream) -> None:
    reports = open_stream()
    stream = monitor.stream(0)
    assert stream is not None
    stream._seqno = 65_535
    for n in range(3):
        monitor.edge(BUTTON, n % 2, n)
    assert [r.seqno for r in reports] == [65_535, 0, 1]


def test_changes_of_several_lines_come_in_order_of_time(
    monitor: Monitor, open_stream: OpenStream
) -> None:
    reports = open_stream(mask=BIT | 1 << 4)
    monitor.set_glitch_filter(BUTTON, 30, 0)
    monitor.set_glitch_filter(4, 10, 0)
    monitor.edge(BUTTON, 0, 5)
    monitor.edge(4, 0, 6)
    monitor.advance(100)
    assert [(r.tick, r.levels) for r in reports] == [
        (16, ALL_HIGH ^ 1 << 4),
        (35, ALL_HIGH ^ 1 << 4 ^ BIT),
    ]


def test_an_edge_told_late_does_not_hide_what_was_due_before_it(
    monitor: Monitor, open_stream: OpenStream
) -> None:
    reports = open_stream()
    monitor.set_glitch_filter(BUTTON, 10, 0)
    monitor.edge(BUTTON, 0, 100)
    monitor.edge(BUTTON, 1, 150)
    monitor.advance(1_000)
    assert [r.tick for r in reports] == [110, 160]


def test_a_watchdog_barks_again_and_again_and_a_change_calms_it(
    monitor: Monitor, open_stream: OpenStream
) -> None:
    reports = open_stream()
    monitor.set_watchdog(BUTTON, 1_000, 0)
    for now in (1_000, 2_000):
        assert monitor.next_due() == now
        monitor.advance(now)
    monitor.edge(BUTTON, 0, 2_500)
    assert monitor.next_due() == 3_500
    assert [(r.flags, r.tick) for r in reports] == [(0x36, 1_000), (0x36, 2_000), (0, 2_500)]


def test_a_watchdog_called_late_barks_once_and_keeps_its_beat(
    monitor: Monitor, open_stream: OpenStream
) -> None:
    reports = open_stream()
    monitor.set_watchdog(BUTTON, 1_000, 0)
    monitor.advance(5_300)
    assert len(reports) == 1
    assert monitor.next_due() == 6_000


def test_a_watchdog_that_nobody_listens_to_wakes_nobody(monitor: Monitor) -> None:
    monitor.set_watchdog(BUTTON, 1_000, 0)
    assert monitor.next_due() is None


def test_a_watchdog_is_switched_off_by_zero(monitor: Monitor, open_stream: OpenStream) -> None:
    reports = open_stream()
    monitor.set_watchdog(BUTTON, 1_000, 0)
    monitor.set_watchdog(BUTTON, 0, 0)
    monitor.advance(5_000)
    assert reports == []


def test_a_silent_stream_is_kept_alive_every_minute(
    monitor: Monitor, open_stream: OpenStream
) -> None:
    reports = open_stream(now=7)
    for _ in range(2):
        due = monitor.next_due()
        assert due is not None
        monitor.advance(due)
    assert reports == [Report(n, 0x40, 7 + (n + 1) * KEEP_ALIVE, ALL_HIGH) for n in range(2)]


def test_a_report_puts_the_keep_alive_off(monitor: Monitor, open_stream: OpenStream) -> None:
    open_stream()
    monitor.edge(BUTTON, 0, 30_000_000)
    assert monitor.next_due() == 90_000_000


def test_in_one_batch_changes_come_before_watchdogs_and_keep_alives_last(
    monitor: Monitor, open_stream: OpenStream
) -> None:
    button, other = open_stream(mask=BIT | 1 << 4), open_stream(mask=1 << 5)
    monitor.set_glitch_filter(BUTTON, 10, 0)
    monitor.set_watchdog(4, 1_000, 0)
    monitor.edge(BUTTON, 0, 100)
    monitor.advance(KEEP_ALIVE)
    assert [r.flags for r in button] == [0, 0x24]
    assert [r.flags for r in other] == [0x40]


def test_an_opened_stream_says_nothing_before_it_has_begun(monitor: Monitor) -> None:
    reports: list[bytes] = []
    monitor.open(reports.append)
    monitor.edge(BUTTON, 0, 1)
    monitor.advance(10 * KEEP_ALIVE)
    assert reports == []
    assert monitor.next_due() is None


def test_the_noise_filter_shows_the_last_let_through_level_until_it_opens(
    monitor: Monitor, open_stream: OpenStream
) -> None:
    reports = open_stream()
    monitor.set_noise_filter(BUTTON, 100, 50, 0)
    for at, level in [(10, 0), (20, 1), (30, 0), (200, 1), (210, 0), (400, 1)]:
        monitor.edge(BUTTON, level, at)
    assert [(r.tick, r.levels >> BUTTON & 1) for r in reports] == [(210, 0), (400, 1)]


def test_switching_the_noise_filter_off_shows_the_level_as_it_is(
    monitor: Monitor, open_stream: OpenStream
) -> None:
    reports = open_stream()
    monitor.set_noise_filter(BUTTON, 100, 50, 0)
    monitor.edge(BUTTON, 0, 10)
    monitor.set_noise_filter(BUTTON, 0, 0, 20)
    assert [(r.tick, r.levels) for r in reports] == [(20, ALL_HIGH ^ BIT)]
