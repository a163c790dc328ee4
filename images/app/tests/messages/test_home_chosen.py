"""Another playlist, or other quiet hours, while it runs: what the reducer makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inkstand.messages import Message
from inkstand.messages.events import ScreenChanged, ScreenKind, ScreenState
from inkstand.messages.reducer import PEEK_TIME, ControllerState, HomeChosen, Show, reduce
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
