"""The life of a message, and the queue, step by step in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from images.app.tests import queue_oracle as queue
from inkstand.errors import MessageStateError
from inkstand.messages import Draft, Message, Priority, State, fingerprint, model

pytestmark = pytest.mark.unit
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def message(number: int = 1, **changes: object) -> Message:
    return Message(**{"id": number, "author": "ada", "text": "Hello", "at": NOON, **changes})  # type: ignore[arg-type]


class Glass(RuleBasedStateMachine):
    """People who post, press, delete and look again, as time goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.messages: dict[int, Message] = {}
        self.ends: dict[int, State] = {}
        self.seen: list[int] = []

    @property
    def calls(self) -> int:
        return max((m.called or 0 for m in self.messages.values()), default=0)

    def keep(self, after: Message) -> None:
        self.messages[after.id] = after

    @rule(
        urgent=st.booleans(),
        expires=st.none() | st.integers(1, 50),
        show_for=st.none() | st.integers(1, 50),
    )
    def post(self, urgent: bool, expires: int | None, show_for: int | None) -> None:
        draft = Draft(
            author="ada",
            text="Hello",
            priority=Priority.URGENT if urgent else Priority.NORMAL,
            expires_at=(expires and self.now + expires * SECOND) or None,
            show_for=show_for,
        )
        number = len(self.messages) + 1
        new = model.accept(draft, number=number, at=self.now, calls=self.calls)
        self.keep(new)
        if urgent:
            assert queue.wanted(self.messages.values()) == new

    @rule(seconds=st.integers(0, 60))
    def time_goes_by(self, seconds: int) -> None:
        self.now += seconds * SECOND
        for late in queue.due(self.messages.values(), self.now):
            self.keep(model.expire(late, self.now))
        end = queue.deadline(self.messages.values())
        assert end is None or end > self.now

    @rule()
    def draw(self) -> None:
        wanted = queue.wanted(self.messages.values())
        for other in self.messages.values():
            if other != wanted:
                self.keep(model.set_aside(other))
        if wanted:
            self.keep(model.show(wanted, self.now))
            if wanted.shown_at is None and wanted.called is None:
                self.seen.append(wanted.id)

    @rule()
    def press(self) -> None:
        for shown in [m for m in self.messages.values() if m.state is State.SHOWN]:
            self.keep(model.acknowledge(shown, self.now))

    @rule(data=st.data())
    def show_again(self, data: st.DataObject) -> None:
        if not self.messages:
            return
        chosen = data.draw(st.sampled_from(list(self.messages.values())))
        if chosen.state is State.DELETED:
            with pytest.raises(MessageStateError):
                model.recall(chosen, self.calls)
            return
        self.keep(model.recall(chosen, self.calls))
        assert queue.wanted(self.messages.values()) == self.messages[chosen.id]

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        if self.messages:
            chosen = data.draw(st.sampled_from(list(self.messages.values())))
            self.keep(model.delete(chosen, self.now))

    @invariant()
    def one_at_most_is_on_the_glass(self) -> None:
        assert sum(m.state is State.SHOWN for m in self.messages.values()) <= 1

    @invariant()
    def whatever_is_open_gets_its_turn(self) -> None:
        is_open = any(m.state.open for m in self.messages.values())
        assert (queue.wanted(self.messages.values()) is not None) == is_open

    @invariant()
    def those_that_wait_their_turn_come_in_order(self) -> None:
        assert self.seen == sorted(set(self.seen))

    @invariant()
    def what_ended_says_when_and_what_is_open_does_not(self) -> None:
        for each in self.messages.values():
            assert each.state.open == (each.ended_at is None)
            assert each.state is not State.DELETED or not each.text


TestGlass = Glass.TestCase
TestGlass.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("state", [s for s in State if s is not State.SHOWN])
def test_only_what_is_on_the_glass_can_be_read(state: State) -> None:
    with pytest.raises(MessageStateError, match=f"is {state}"):
        model.acknowledge(message(state=state), NOON)


@pytest.mark.parametrize("state", [s for s in State if not s.open])
def test_what_has_ended_cannot_come_onto_the_glass(state: State) -> None:
    with pytest.raises(MessageStateError):
        model.show(message(state=state), NOON)


@pytest.mark.parametrize("state", [s for s in State if not s.open])
def test_what_has_ended_cannot_expire(state: State) -> None:
    ended = message(state=state, expires_at=NOON)
    assert model.expire(ended, NOON) == model.give_up(ended, NOON) == ended


def test_it_expires_at_the_moment_itself_and_not_before() -> None:
    late = message(expires_at=NOON)
    assert model.expire(late, NOON - SECOND) == late
    assert model.expire(late, NOON).state is State.EXPIRED


def test_seconds_on_the_glass_count_from_when_it_came_there() -> None:
    shown = model.show(message(show_for=10), NOON)
    assert model.ends_at(shown) == NOON + 10 * SECOND
    assert model.ends_at(message(show_for=10)) is None
    again = model.show(model.set_aside(shown), NOON + 5 * SECOND)
    assert model.ends_at(again) == NOON + 15 * SECOND


def test_whichever_end_comes_first_counts() -> None:
    shown = message(state=State.SHOWN, shown_at=NOON, show_for=10, expires_at=NOON + SECOND)
    assert model.ends_at(shown) == NOON + SECOND


def test_what_is_shown_already_stays_shown_since_then() -> None:
    shown = model.show(message(), NOON)
    assert model.show(shown, NOON + SECOND) == shown


def test_when_the_clock_was_set_back_its_time_begins_anew() -> None:
    early = NOON - 3600 * SECOND
    shown = model.show(model.show(message(show_for=10), NOON), early)
    assert (shown.state, shown.shown_at) == (State.SHOWN, early)
    assert model.ends_at(shown) == early + 10 * SECOND


def test_a_message_shown_again_has_all_the_time_it_needs() -> None:
    over = message(state=State.EXPIRED, expires_at=NOON, ended_at=NOON)
    again = model.recall(over, calls=4)
    assert (again.state, again.called, again.expires_at) == (State.WAITING, 5, None)


def test_an_urgent_message_comes_before_an_older_one() -> None:
    normal = message(1, state=State.SHOWN)
    urgent = message(2, called=1)
    assert queue.wanted([normal, urgent]) == urgent


def test_of_urgent_messages_the_newest_comes_first() -> None:
    assert queue.wanted([message(1, called=1), message(2, called=2)]) == message(2, called=2)


def test_what_is_on_the_glass_stays_there_before_what_waits() -> None:
    assert queue.wanted([message(1), message(2, state=State.SHOWN)]) == message(
        2, state=State.SHOWN
    )


def test_the_key_and_the_author_are_no_part_of_what_is_asked_for() -> None:
    one = Draft(author="ada", text="Hello", idempotency_key="1")
    assert fingerprint(one) == fingerprint(Draft(author="bob", text="Hello"))
    assert fingerprint(one) != fingerprint(Draft(author="ada", text="Hallo"))
