"""What the controller does next: its state and an event in, the next state and effects out.

Pure: the only clock is the time of the event, and effects are said here, not had.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from inkstand import events
from inkstand.events import ButtonPressed, Gesture, PanelChanged, StorageChanged
from inkstand.messages.events import ScreenChanged, ScreenKind, ScreenState
from inkstand.messages.model import State
from inkstand.messages.table import Outlook
from inkstand.playlist.home import Home
from inkstand.playlist.playlist import BUILT_IN, CLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from inkstand.events import Event
    from inkstand.messages.model import Message

# How long to leave a store alone that cannot be written.
PATIENCE = timedelta(seconds=10)
# How long the status screen is shown when nobody leaves it.
PEEK_TIME = timedelta(minutes=5)
NOTHING = Outlook(None, (), None)
CLOCK_ALONE = Home()


@dataclass(frozen=True, slots=True)
class Looked:
    """Time has passed, or messages have changed; `at` is aware.

    `done` says that the store has done its job, or found that somebody was faster.
    """

    at: datetime
    outlook: Outlook
    done: bool = False


@dataclass(frozen=True, slots=True)
class PeekLeft:
    """Somebody has seen enough of the status screen; `at` is aware."""

    at: datetime


@dataclass(frozen=True, slots=True)
class HomeChosen:
    """Something else is to be shown from now on when there is no message; `at` is aware."""

    at: datetime
    home: Home


@dataclass(frozen=True, slots=True)
class ScreenHeld:
    """Somebody wants to see that screen until the button is pressed; None: the playlist again.

    `at` is aware.
    """

    at: datetime
    screen: str | None


@dataclass(frozen=True, slots=True)
class QuietSwitched:
    """Somebody has switched the quiet on or off; `at` is aware."""

    at: datetime
    on: bool


@dataclass(frozen=True, slots=True)
class Show:
    """Ask the display for a screen, the first page of it."""

    screen: ScreenState
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class TurnTo:
    """Ask the display for another page of that."""

    page: int


@dataclass(frozen=True, slots=True)
class Write:
    """Have the store bring messages, by their ids, into those states, all or none."""

    at: datetime
    changes: tuple[tuple[int, State], ...]


@dataclass(frozen=True, slots=True)
class Expire:
    """Have the store do what is due: messages expire, and those come that were to come later."""

    at: datetime


@dataclass(frozen=True, slots=True)
class RecallLast:
    """Have the store call the message to the glass that came onto it last."""


Job = Write | Expire | RecallLast
Effect = Show | TurnTo | Job | ScreenChanged | StorageChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerState:
    """What the controller knows; all times are in UTC, None is a time that never comes."""

    page_time: timedelta  # how long a page is shown, zero: until somebody turns it
    home: Home = CLOCK_ALONE  # what is shown when there is no message
    outlook: Outlook = NOTHING  # what the open messages ask for, as far as the store has told
    current: Message | None = None  # whose turn it is, None: that of home; a peek may cover it
    picture: bytes | None = None  # that of the current message
    peek_ends: datetime | None = None  # None: the status screen is not asked for
    request: int = 0  # another number for each screen that is asked for
    page: int = 1  # the page of it that is asked for
    pages: int = 1  # how many it has, as far as that is known
    turns_at: datetime | None = None
    drawn: bool = False  # this page is on the glass or coming onto it
    arrived: datetime | None = None  # when this screen came onto the glass
    failed: bool = False  # the current message cannot be drawn
    read: int | None = None  # somebody has read it, which waits for it to be written as shown
    recall: bool = False  # somebody wants the last message back
    busy: bool = True  # the store has a job: one at a time, the first is to be opened
    retry_at: datetime | None = None  # the store failed, and gets no job before this
    trouble: str | None = None  # why it failed

    @property
    def screen(self) -> ScreenState:
        """What is on the glass, or is as soon as the panel has finished."""
        if self.peek_ends is not None:
            return ScreenState(ScreenKind.STATUS, None, self.page, self.pages)
        if (message := self.current) is not None:
            kind = ScreenKind.PICTURE if message.has_picture else ScreenKind.MESSAGE
            return ScreenState(kind, message, self.page, self.pages)
        name = None if self.home.screen == CLOCK else self.home.screen
        kind = ScreenKind.CLOCK if self.home.screen in BUILT_IN else ScreenKind.PACK
        return ScreenState(kind, None, self.page, self.pages, name, self.home.quiet_until)

    @property
    def at_home(self) -> bool:
        """Whether what is shown when there is no message is asked for."""
        return self.current is None and self.peek_ends is None

    @property
    def wakes_at(self) -> datetime | None:
        """When time alone changes something, None: never."""
        job = None if self.busy else self.retry_at or self.outlook.deadline
        # Pages stay as they are while it is quiet.
        turns = self.turns_at if self.home.quiet_until is None else None
        moments = (job, self.peek_ends, turns, self.home.changes_at)
        return min(filter(None, moments), default=None)


def reduce(before: ControllerState, event: Event) -> tuple[ControllerState, tuple[Effect, ...]]:
    """Return what `event` makes of `before`, and what is to be done for it, in that order."""
    # Times of one zone compare by what the wall shows, which goes back once a year.
    now = event.at.astimezone(UTC)
    told = _at_home(_step(before, event, now), event)
    state, jobs = _work(_in_time(_follow(told), now), now)
    return state, (*_effects(before, state, event.at), *jobs)


def _step(  # noqa: C901, PLR0911, PLR0912 - one line for each event
    state: ControllerState, event: Event, now: datetime
) -> ControllerState:
    match event:
        case ButtonPressed(gesture=Gesture.LONG):
            return _request(state, peek_ends=now + PEEK_TIME)
        case ButtonPressed(gesture=Gesture.DOUBLE):
            return replace(state, recall=True)
        case ButtonPressed():
            return _press(state, event.at)
        case PeekLeft() | events.ScreenFailed() if state.peek_ends is not None:
            return _request(state)
        case events.ScreenDrawn(pages=pages):
            return replace(state, drawn=True, pages=pages)
        case events.ScreenShown():
            turns = state.pages > 1 and state.page_time
            return replace(state, arrived=now, turns_at=now + state.page_time if turns else None)
        case events.ScreenFailed():
            return replace(state, failed=state.current is not None)
        case HomeChosen(home=home):
            # Who has woken the panel keeps it awake.
            known = state.home
            home = replace(home, awake_until=known.awake_until, switched=known.switched)
            return replace(state, home=home)
        case ScreenHeld(screen=screen):
            return replace(state, home=state.home.holding(screen).woken(event.at))
        case QuietSwitched(on=on):
            return replace(state, home=state.home.with_quiet(event.at, on=on))
        case PanelChanged(reason=str()):
            return replace(state, drawn=False, read=None)
        case StorageChanged(reason=reason):
            return replace(state, trouble=reason, busy=False, retry_at=now + PATIENCE)
        case Looked(done=True, outlook=outlook):
            return replace(state, outlook=outlook, busy=False, retry_at=None)
        case Looked(outlook=outlook):
            return replace(state, outlook=outlook)
    return state


def _press(state: ControllerState, at: datetime) -> ControllerState:
    if state.page < state.pages:
        return _turn_to(state, state.page + 1)
    if state.peek_ends is not None:
        return _request(state)
    for message in state.outlook.shown:
        return replace(state, read=message.id)
    if not state.drawn:
        return state
    if state.current is None:
        # Who presses it in quiet hours wakes the panel, first of all.
        quiet = state.home.quiet_until is not None
        return state if quiet else replace(state, home=state.home.following(at))
    # It can be read while the panel is still busy with it.
    return replace(state, read=state.current.id)


def _at_home(state: ControllerState, event: Event) -> ControllerState:
    """Let the playlist go on, quiet begin and end, and the button wake the panel."""
    before = state.home
    home = before.woken(event.at) if isinstance(event, ButtonPressed) else before
    state = replace(state, home=home.at(event.at))
    other = _looks(state.home) != _looks(before) or isinstance(event, HomeChosen)
    return _request(state) if state.at_home and other else state


def _looks(home: Home) -> tuple[str, bool]:
    return home.screen, home.quiet_until is not None


def _request(state: ControllerState, peek_ends: datetime | None = None) -> ControllerState:
    """Ask for the status screen until `peek_ends`, None: for that of whose turn it is."""
    number = state.request + 1
    state = replace(state, request=number, peek_ends=peek_ends, drawn=False, arrived=None)
    return replace(state, page=1, pages=1, turns_at=None)


def _turn_to(state: ControllerState, page: int) -> ControllerState:
    same = page == state.page
    return state if same else replace(state, page=page, turns_at=None, drawn=False)


def _follow(state: ControllerState) -> ControllerState:
    """Give the wanted message its turn, or begin it anew if it was called again; ends a peek."""
    wanted, current = _wanted(state), state.current
    if wanted == current:
        return state
    if wanted and current and wanted.id == current.id:
        state = replace(state, current=wanted)
        if wanted.called == current.called:
            return state
        return _turn_to(state, 1) if state.peek_ends is None else _request(state)
    if state.busy:
        return state
    turn = replace(state, current=wanted, picture=state.outlook.picture, failed=False, read=None)
    return _request(turn)


def _wanted(state: ControllerState) -> Message | None:
    """Return whose turn it is: while it is quiet, of who is called, or is there already."""
    wanted, current = state.outlook.wanted, state.current
    if wanted is None or state.home.quiet_until is None or wanted.called is not None:
        return wanted
    return wanted if current is not None and current.id == wanted.id else None


def _in_time(state: ControllerState, now: datetime) -> ControllerState:
    """Do what it is time for; a clock that was set back makes no page or peek stay longer."""
    if state.peek_ends is not None and state.peek_ends <= now:
        return _request(state)
    if state.peek_ends is not None:
        state = replace(state, peek_ends=min(state.peek_ends, now + PEEK_TIME))
    if state.turns_at is None or state.home.quiet_until is not None:
        return state
    if state.turns_at <= now:
        return _turn_to(state, state.page % state.pages + 1)
    return replace(state, turns_at=min(state.turns_at, now + state.page_time))


def _work(state: ControllerState, now: datetime) -> tuple[ControllerState, tuple[Job, ...]]:
    """Give the store its next job; what people ask for is tried once, all else until it is done."""
    # More than that is left when the clock was set back.
    waits = state.retry_at is not None and timedelta() < state.retry_at - now <= PATIENCE
    if state.busy or waits:
        return state, ()
    job = next(_jobs(state, now), None)
    match job:
        case None:
            well = state.trouble is None
            return state if well else replace(state, trouble=None, retry_at=None), ()
        case RecallLast():
            state = replace(state, recall=False)
        case Write(changes=((_, State.READ),)):
            state = replace(state, read=None)
    return replace(state, busy=True), (job,)


def _jobs(state: ControllerState, now: datetime) -> Iterator[Job]:
    outlook, current = state.outlook, state.current
    if state.failed and current is not None:
        yield Write(now, ((current.id, State.EXPIRED),))
    if outlook.deadline is not None and outlook.deadline <= now:
        yield Expire(now)
    if state.arrived is not None and (changes := _by_glass(state)):
        yield Write(state.arrived, changes)
    if early := tuple((each.id, State.SHOWN) for each in outlook.shown if _is_early(each, now)):
        yield Write(now, early)
    if state.read is not None and state.read in map(_id, outlook.shown):
        yield Write(now, ((state.read, State.READ),))
    if state.recall:
        yield RecallLast()


def _is_early(message: Message, now: datetime) -> bool:
    """Tell whether a message would stay longer than it may, for the clock was set back."""
    shown_at = message.shown_at
    return message.show_for is not None and shown_at is not None and shown_at > now


def _by_glass(state: ControllerState) -> tuple[tuple[int, State], ...]:
    """Return what has to be written so that what is on the glass is shown, and nothing else."""
    on_glass = None if state.peek_ends is not None else _id(state.current)
    shown = [message.id for message in state.outlook.shown]
    arrived = () if on_glass is None or on_glass in shown else ((on_glass, State.SHOWN),)
    return (*arrived, *((number, State.WAITING) for number in shown if number != on_glass))


def _effects(before: ControllerState, state: ControllerState, at: datetime) -> Iterator[Effect]:
    if state.request != before.request:
        yield Show(state.screen, None if state.peek_ends is not None else state.picture)
    elif state.page != before.page:
        yield TurnTo(state.page)
    if _look(state) != _look(before):
        yield ScreenChanged(at, state.screen)
    if state.trouble != before.trouble:
        yield StorageChanged(at, state.trouble)


def _look(state: ControllerState) -> tuple[object, ...]:
    """Return what people see of a state."""
    home = _looks(state.home) if state.at_home else None
    return (state.peek_ends is None and _id(state.current), state.page, state.pages, home)


def _id(message: Message | None) -> int | None:
    return None if message is None else message.id
