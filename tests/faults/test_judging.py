"""What is said of a run, by what was sent and what was on the glass."""

from __future__ import annotations

import pytest

from tests.faults.judging import Sent, Trail, doubled, judge, outage, served_in_a_row, waits

pytestmark = pytest.mark.unit

FAULT = 10.0


@pytest.fixture
def trail() -> Trail:
    """Five messages, a second each, answered and shown and read without delay; the last too."""
    made = Trail()
    for number in range(1, 6):
        at = FAULT - 2.5 + number
        made.sent[number] = Sent(at, at + 0.1, 1)
        made.see(at + 0.2, number)
        made.read[number] = at + 0.3
        made.see(at + 0.4, None)
    return made


def test_who_is_served_all_the_time_waits_for_the_next_message(trail: Trail) -> None:
    verdict = judge(trail, FAULT)
    assert verdict.seconds == pytest.approx(0.8)
    assert (verdict.lost, verdict.twice, verdict.disordered) == ((), (), ())


def test_a_message_that_took_two_tries_ends_the_outage(trail: Trail) -> None:
    trail.sent[4] = Sent(FAULT + 0.2, FAULT + 1.65, 2)
    assert outage(trail, FAULT) == pytest.approx(1.8)


def test_so_does_one_that_was_late_on_the_glass(trail: Trail) -> None:
    trail.sent[4].begun = FAULT - 1
    assert outage(trail, FAULT, patience=1.0) == pytest.approx(1.8)


def test_what_had_trouble_before_the_fault_does_not_count(trail: Trail) -> None:
    trail.sent[2].tries = 7
    assert outage(trail, FAULT) == pytest.approx(0.8)


def test_there_is_no_end_while_a_message_is_not_on_the_glass(trail: Trail) -> None:
    trail.sent[6] = Sent(13.0, 13.1, 1)
    assert outage(trail, FAULT) is None


def test_there_is_none_while_a_message_is_not_answered(trail: Trail) -> None:
    trail.sent[5].accepted = None
    assert outage(trail, FAULT) is None


def test_nobody_is_served_who_sends_nothing() -> None:
    assert outage(Trail(), FAULT) is None


def test_who_cannot_read_what_is_on_the_glass_is_not_served(trail: Trail) -> None:
    trail.read[3] = FAULT + 1.1
    trail.sent[3].tries = 2
    assert outage(trail, FAULT) == pytest.approx(1.1)


def test_what_was_answered_and_never_seen_is_lost(trail: Trail) -> None:
    trail.seen = [it for it in trail.seen if it[1] != 4]
    trail.sent[6] = Sent(13.0)
    assert judge(trail, FAULT).lost == (4,)


def test_what_comes_back_after_another_was_shown_twice(trail: Trail) -> None:
    trail.read.pop(4)
    trail.see(14.0, 4)
    assert judge(trail, FAULT).twice == (4,)


def test_so_was_what_comes_back_after_it_was_read(trail: Trail) -> None:
    trail.see(14.0, 5)
    assert judge(trail, FAULT).twice == (5,)


@pytest.mark.parametrize("read", [14.0, 12.2])
def test_what_is_drawn_again_before_it_is_read_was_shown_once(trail: Trail, read: float) -> None:
    """Drawing may have begun before, and end after it."""
    trail.read[5] = read
    trail.see(13.0, 5)
    assert judge(trail, FAULT).twice == ()


def test_who_is_overtaken_is_out_of_order(trail: Trail) -> None:
    trail.seen = [(1.0, 1), (2.0, 2), (3.0, 4), (4.0, 3), (5.0, 5)]
    assert judge(trail, FAULT).disordered == (3,)


def test_the_same_picture_is_one_sight() -> None:
    trail = Trail()
    for number in (1, 1, None, None, 1):
        trail.see(1.0, number)
    assert [number for _, number in trail.seen] == [1, None, 1]


def test_those_in_a_row_are_counted_from_the_end(trail: Trail) -> None:
    assert served_in_a_row(trail, 0.0, 13.0) == 5
    trail.sent[3].tries = 2
    assert served_in_a_row(trail, 0.0, 13.0) == 2


def test_those_before_the_fault_are_not_counted(trail: Trail) -> None:
    assert served_in_a_row(trail, FAULT, 13.0) == 3


def test_one_on_its_way_is_not_counted_and_one_that_hangs_ends_the_row(trail: Trail) -> None:
    trail.sent[6] = Sent(13.0, 13.1, 1)
    assert served_in_a_row(trail, 0.0, 14.0) == 5
    assert served_in_a_row(trail, 0.0, 16.0) == 0


def test_a_text_that_is_kept_twice_is_named() -> None:
    assert doubled(["one", "two", "one"]) == ["one"]


def test_waits_are_of_messages_sent_in_a_time(trail: Trail) -> None:
    trail.sent[4].accepted = None
    trail.seen = [(at, number) for at, number in trail.seen if number != 5]
    answered, on_glass = waits(trail, FAULT, FAULT + 2.6)
    assert answered == pytest.approx([0.1, 0.1])
    assert on_glass == pytest.approx([0.2, 0.2])
