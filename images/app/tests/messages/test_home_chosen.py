"""Another playlist, or other quiet hours, while it runs: what the reducer makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inkstand.events import ButtonPressed, Gesture
from inkstand.messages import Message
from inkstand.messages.events import ScreenChanged, ScreenKind, ScreenState
from inkstand.messages.reducer import (
    PEEK_TIME,
    ControllerState,
    HomeChosen,
    Looked,
    QuietSwitched,
    ScreenHeld,
    Show,
    reduce,
)
from inkstand.messages.table import Outlook
from inkstand.playlist.home import Home
from inkstand.playlist.playlist import Entry, Playlist
from inkstand.playlist.quiet import from_values as quiet_hours

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLOCK = ControllerState(page_time=timedelta(seconds=20), busy=False, drawn=True, arrived=NOW)
WEATHER = Home(playlist=Playlist((Entry("weather"),)))
WEATHER_SCREEN = ScreenState(ScreenKind.PACK, name="weather")
QUIET = Home(quiet_hours=quiet_hours([{"from": "11:00", "to": "13:00"}]))
ONE = Message(id=1, author="ada", text="one", at=NOW)


def test_what_is_chosen_is_shown_at_once() -> None:
    state, effects = reduce(CLOCK, HomeChosen(NOW, WEATHER))
    assert effects == (Show(WEATHER_SCREEN), ScreenChanged(NOW, WEATHER_SCREEN))
    state, effects = reduce(state, HomeChosen(NOW, Home()))
    assert effects[0] == Show(ScreenState(ScreenKind.CLOCK))
    assert (state.home.screen, state.home.changes_at) == ("clock", None)


def test_the_same_screen_is_asked_for_again_for_it_may_look_otherwise() -> None:
    state, _ = reduce(CLOCK, HomeChosen(NOW, WEATHER))
    assert reduce(state, HomeChosen(NOW, WEATHER))[1] == (Show(WEATHER_SCREEN),)


@pytest.mark.parametrize(
    "covered",
    [
        replace(CLOCK, outlook=Outlook(ONE, (ONE,), None), current=ONE),
        replace(CLOCK, peek_ends=NOW + PEEK_TIME),
    ],
)
def test_what_covers_it_stays(covered: ControllerState) -> None:
    state, effects = reduce(covered, HomeChosen(NOW, WEATHER))
    assert [effect for effect in effects if isinstance(effect, Show)] == []
    assert state.home.screen == "weather"


def test_quiet_begins_and_ends_with_the_choice() -> None:
    state, _ = reduce(CLOCK, HomeChosen(NOW, QUIET))
    assert state.screen.quiet_until == NOW + timedelta(hours=1)
    state, _ = reduce(state, HomeChosen(NOW, WEATHER))
    assert state.screen == WEATHER_SCREEN


def test_who_has_woken_the_panel_keeps_it_awake() -> None:
    awake = replace(CLOCK, home=QUIET.woken(NOW).at(NOW))
    state, _ = reduce(awake, HomeChosen(NOW, replace(QUIET, playlist=WEATHER.playlist)))
    assert (state.home.quiet_until, state.home.screen) == (None, "weather")


def test_a_screen_is_held_until_a_press() -> None:
    state, effects = reduce(CLOCK, ScreenHeld(NOW, "weather"))
    assert effects == (Show(WEATHER_SCREEN), ScreenChanged(NOW, WEATHER_SCREEN))
    state, _ = reduce(replace(state, drawn=True), ButtonPressed(NOW, Gesture.SHORT))
    assert state.screen == ScreenState(ScreenKind.CLOCK)
    state, _ = reduce(state, ScreenHeld(NOW, "weather"))
    assert reduce(state, ScreenHeld(NOW, None))[0].screen == ScreenState(ScreenKind.CLOCK)


def test_who_wants_to_see_a_screen_wakes_the_panel() -> None:
    state, _ = reduce(replace(CLOCK, home=QUIET.at(NOW)), ScreenHeld(NOW, "weather"))
    assert state.screen == WEATHER_SCREEN


def test_a_message_covers_a_screen_that_is_held() -> None:
    covered = replace(CLOCK, outlook=Outlook(ONE, (ONE,), None), current=ONE)
    state, effects = reduce(covered, ScreenHeld(NOW, "weather"))
    assert [effect for effect in effects if isinstance(effect, Show)] == []
    assert state.home.screen == "weather"


def test_while_quiet_is_switched_on_messages_wait() -> None:
    state, _ = reduce(CLOCK, QuietSwitched(NOW, on=True))
    assert state.screen.quiet_until == NOW + timedelta(hours=24)
    state, _ = reduce(state, Looked(NOW, Outlook(ONE, (), None)))
    assert state.current is None
    state, _ = reduce(state, QuietSwitched(NOW, on=False))
    assert (state.current, state.home.quiet_until) == (ONE, None)


def test_other_settings_leave_the_switch_as_it_is() -> None:
    state, _ = reduce(CLOCK, QuietSwitched(NOW, on=True))
    state, _ = reduce(state, HomeChosen(NOW, WEATHER))
    assert state.home.quiet_until == NOW + timedelta(hours=24)
