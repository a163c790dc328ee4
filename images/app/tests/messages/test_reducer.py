"""What the controller does next, as rows of a table, and whatever happens, by brute force."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from images.app.tests import queue_oracle as queue
from inkstand.errors import MessageNotFoundError, MessageStateError
from inkstand.events import (
    ButtonPressed,
    Event,
    Gesture,
    PanelChanged,
    ScreenDrawn,
    ScreenFailed,
    ScreenShown,
    StorageChanged,
)
from inkstand.messages import Draft, Message, Priority, State, model
from inkstand.messages.events import ScreenChanged, ScreenKind, ScreenState
from inkstand.messages.reducer import (
    NOTHING,
    PATIENCE,
    PEEK_TIME,
    ControllerState,
    Expire,
    Looked,
    PeekLeft,
    RecallLast,
    Show,
    TurnTo,
    Write,
    reduce,
)
from inkstand.messages.table import Outlook
from inkstand.playlist.home import Home
from inkstand.playlist.playlist import CLOCK as CLOCK_NAME
from inkstand.playlist.playlist import Entry, Playlist
from inkstand.playlist.quiet import from_values as quiet_hours
from inkstand.screens import ClockScreen

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

BERLIN = ZoneInfo("Europe/Berlin")
SECOND = timedelta(seconds=1)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW = NOON + 10 * SECOND
PAGE_TIME = 20 * SECOND
TROUBLE = "there is no room"
# Whose screen an event is about is told apart before it comes here.
ANY = ClockScreen()

ONE = Message(id=1, author="ada", text="one", at=NOON)
ONE_SHOWN = replace(ONE, state=State.SHOWN, shown_at=NOON)
TWO = Message(id=2, author="ada", text="two", at=NOON)
URGENT = replace(TWO, priority=Priority.URGENT, called=1)
PICTURE = replace(TWO, has_picture=True)

HOME_SCREEN = ScreenState(ScreenKind.CLOCK)
STATUS_SCREEN = ScreenState(ScreenKind.STATUS)
CLOSED = ControllerState(page_time=PAGE_TIME)
CLOCK = replace(CLOSED, busy=False, drawn=True, arrived=NOON)
ASKED = replace(CLOCK, outlook=Outlook(ONE, (), None), current=ONE, request=1)
ASKED = replace(ASKED, drawn=False, arrived=None)
DRAWN = replace(ASKED, drawn=True)
ARRIVED = replace(DRAWN, arrived=NOON)
SHOWN = replace(ARRIVED, outlook=Outlook(ONE_SHOWN, (ONE_SHOWN,), None), current=ONE_SHOWN)
PAGES = replace(SHOWN, pages=3, turns_at=NOON + PAGE_TIME)
LAST_PAGE = replace(PAGES, page=3)
PEEK_ASKED = replace(SHOWN, request=2, peek_ends=NOON + PEEK_TIME, drawn=False, arrived=None)
PEEK = replace(PEEK_ASKED, drawn=True, arrived=NOON, outlook=Outlook(ONE, (), None), current=ONE)
PEEK_OVER_CLOCK = replace(CLOCK, request=1, peek_ends=NOON + PEEK_TIME)
FULL = replace(ARRIVED, trouble=TROUBLE, retry_at=NOW + PATIENCE)


class Row(NamedTuple):
    """What becomes of a state by an event: all fields that are others then, all effects."""

    name: str
    before: ControllerState
    event: Any
    changes: dict[str, Any] = {}  # noqa: RUF012 - never changed
    effects: tuple[Any, ...] = ()


def press(gesture: Gesture = Gesture.SHORT) -> ButtonPressed:
    return ButtonPressed(NOW, gesture)


def looked(outlook: Outlook, done: bool = False) -> Looked:
    return Looked(NOW, outlook, done)


def later(before: ControllerState, moment: datetime) -> Looked:
    return Looked(moment, before.outlook)


def asking(before: ControllerState, **changes: Any) -> dict[str, Any]:
    """What another request changes, beside `changes`."""
    asked = {"page": 1, "pages": 1, "turns_at": None, "drawn": False, "arrived": None}
    return {"request": before.request + 1, **asked, **changes}


def showing(
    screen: ScreenState, picture: bytes | None = None, at: datetime = NOW
) -> tuple[Show, ScreenChanged]:
    return Show(screen, picture), ScreenChanged(at, screen)


def covered(before: ControllerState) -> ControllerState:
    """Return it with a message on the glass."""
    return replace(SHOWN, home=before.home)


def at_night(outlook: Outlook) -> Looked:
    return Looked(NIGHT, outlook)


def message_screen(message: Message, page: int = 1, pages: int = 1) -> ScreenState:
    return ScreenState(ScreenKind.MESSAGE, message, page, pages)


def turning(page: int, message: Message = ONE_SHOWN, at: datetime = NOW) -> tuple[Any, ...]:
    return TurnTo(page), ScreenChanged(at, message_screen(message, page, 3))


def write(*changes: tuple[int, State], at: datetime = NOW) -> tuple[Write]:
    return (Write(at, changes),)


TURNS = Playlist((Entry(CLOCK_NAME, 5, None), Entry("weather", 10, None)))
HOURS = quiet_hours([{"from": "22:30", "to": "06:30"}])
NIGHT = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
DAWN = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
AT_CLOCK = replace(CLOCK, home=Home(playlist=TURNS).at(NOW))
TURN = NOON + 300 * SECOND
AT_WEATHER = replace(CLOCK, home=AT_CLOCK.home.at(TURN))
PRESSED = AT_CLOCK.home.following(NOW).at(NOW)
BEFORE_QUIET = replace(CLOCK, home=Home(quiet_hours=HOURS).at(NIGHT - SECOND))
QUIET = replace(CLOCK, home=BEFORE_QUIET.home.at(NIGHT))
QUIET_CLOCK = replace(CLOCK, home=Home(playlist=TURNS, quiet_hours=HOURS).at(NIGHT))
AWAKE = QUIET.home.woken(NIGHT).at(NIGHT)
WEATHER_SCREEN = ScreenState(ScreenKind.PACK, name="weather")
QUIET_SCREEN = ScreenState(ScreenKind.CLOCK, quiet_until=DAWN)
WAITS = Outlook(ONE_SHOWN, (ONE_SHOWN,), NOON + 60 * SECOND)
TIMED = replace(ONE_SHOWN, show_for=60)
MINUTE = replace(SHOWN, outlook=Outlook(TIMED, (TIMED,), NOON + 60 * SECOND), current=TIMED)
CALLED = Outlook(replace(ONE_SHOWN, called=1), (replace(ONE_SHOWN, called=1),), None)
CALLED_WAITING = Outlook(replace(ONE, called=1), (), None)
BOTH = Outlook(URGENT, (ONE_SHOWN,), None)
URGENT_DRAWN = replace(SHOWN, outlook=BOTH, current=URGENT, request=2, arrived=None)

TABLE = (
    # The store is opened, messages come and go.
    Row("nothing is asked for before the store is opened", CLOSED, looked(ASKED.outlook),
        {"outlook": ASKED.outlook}),
    Row("a store that is opened without messages leaves the clock", CLOSED,
        looked(NOTHING, done=True), {"busy": False}),
    Row("what was on the glass before a restart is asked for again", CLOSED,
        looked(SHOWN.outlook, done=True),
        asking(CLOSED, busy=False, outlook=SHOWN.outlook, current=ONE_SHOWN),
        showing(message_screen(ONE_SHOWN))),
    Row("a message comes onto the clock", CLOCK, looked(ASKED.outlook),
        asking(CLOCK, outlook=ASKED.outlook, current=ONE), showing(message_screen(ONE))),
    Row("a picture comes with its bytes", CLOCK, looked(Outlook(PICTURE, (), None, b"png")),
        asking(CLOCK, outlook=Outlook(PICTURE, (), None, b"png"), current=PICTURE, picture=b"png"),
        showing(ScreenState(ScreenKind.PICTURE, PICTURE), b"png")),
    Row("a message that waits for its turn changes nothing on the glass", SHOWN, looked(WAITS),
        {"outlook": WAITS}),
    Row("an urgent message takes the place of one that is shown", SHOWN, looked(BOTH),
        asking(SHOWN, outlook=BOTH, current=URGENT), showing(message_screen(URGENT))),
    Row("while the store has a job nothing is followed: it may change it",
        replace(SHOWN, busy=True), looked(BOTH), {"outlook": BOTH}),
    Row("back to the clock when the last message has gone", SHOWN, looked(NOTHING),
        asking(SHOWN, outlook=NOTHING, current=None), showing(HOME_SCREEN)),
    Row("what a picture was is forgotten with its turn",
        replace(CLOCK, current=PICTURE, outlook=Outlook(PICTURE, (), None, b"png"), picture=b"png"),
        looked(NOTHING), asking(CLOCK, outlook=NOTHING, current=None, picture=None),
        showing(HOME_SCREEN)),
    # The display draws, shows, or fails.
    Row("how many pages there are is known when it is drawn", ASKED, ScreenDrawn(NOW, ANY, 3),
        {"drawn": True, "pages": 3}, (ScreenChanged(NOW, message_screen(ONE, 1, 3)),)),
    Row("a message is shown once it is on the glass", DRAWN, ScreenShown(NOON, ANY),
        {"arrived": NOON, "busy": True}, write((1, State.SHOWN), at=NOON)),
    Row("one that was shown already is not written again", replace(SHOWN, arrived=None),
        ScreenShown(NOW, ANY), {"arrived": NOW}),
    Row("what an urgent message has hidden waits again", URGENT_DRAWN, ScreenShown(NOW, ANY),
        {"arrived": NOW, "busy": True}, write((2, State.SHOWN), (1, State.WAITING))),
    Row("a page that has arrived is turned in time", replace(PAGES, arrived=None, turns_at=None),
        ScreenShown(NOW, ANY), {"arrived": NOW, "turns_at": NOW + PAGE_TIME}),
    Row("without a page time only the button turns",
        replace(PAGES, arrived=None, turns_at=None, page_time=timedelta()),
        ScreenShown(NOW, ANY), {"arrived": NOW}),
    Row("a message that cannot be drawn makes way", ASKED, ScreenFailed(NOW, ANY),
        {"failed": True, "busy": True}, write((1, State.EXPIRED))),
    Row("one that could not be drawn is never shown, whatever is on the glass for it",
        replace(DRAWN, failed=True, busy=True), ScreenShown(NOW, ANY), {"arrived": NOW}),
    Row("and leaves no mark on the next one", replace(ASKED, failed=True, busy=True),
        looked(Outlook(TWO, (), None), done=True),
        asking(ASKED, outlook=Outlook(TWO, (), None), current=TWO, busy=False, failed=False),
        showing(message_screen(TWO))),
    Row("home that cannot be drawn makes nobody give up", CLOCK, ScreenFailed(NOW, ANY)),
    Row("a status screen that cannot be drawn is left", PEEK_ASKED, ScreenFailed(NOW, ANY),
        asking(PEEK_ASKED, peek_ends=None), showing(message_screen(ONE_SHOWN))),
    Row("the panel fails during an early read, which counts for nothing",
        replace(DRAWN, read=1), PanelChanged(NOW, "no"), {"drawn": False, "read": None}),
    Row("a panel that is well again takes nothing away", replace(DRAWN, read=1),
        PanelChanged(NOW, None)),
    # The button is pressed.
    Row("a press on the clock does nothing", CLOCK, press()),
    Row("a press reads what is shown", SHOWN, press(), {"busy": True}, write((1, State.READ))),
    Row("a press while the panel is drawing is kept until it is shown", DRAWN, press(),
        {"read": 1}),
    Row("an early press reads as soon as it is written that it was shown",
        replace(ARRIVED, read=1, busy=True), looked(SHOWN.outlook, done=True),
        {"outlook": SHOWN.outlook, "current": ONE_SHOWN, "read": None}, write((1, State.READ))),
    Row("a press before anything is drawn counts for nothing", ASKED, press()),
    Row("a press while an urgent message is drawn counts for what is shown still",
        URGENT_DRAWN, press(), {"busy": True}, write((1, State.READ))),
    Row("an early press does not count for the message that comes instead",
        replace(DRAWN, read=1), looked(Outlook(URGENT, (), None)),
        asking(DRAWN, outlook=Outlook(URGENT, (), None), current=URGENT, read=None),
        showing(message_screen(URGENT))),
    Row("a second press while the first is written is kept, for the same message",
        replace(SHOWN, busy=True), press(), {"read": 1}),
    Row("and it counts for nothing once that is read", replace(SHOWN, busy=True, read=1),
        looked(Outlook(TWO, (), None), done=True),
        asking(SHOWN, busy=False, read=None, outlook=Outlook(TWO, (), None), current=TWO),
        showing(message_screen(TWO))),
    Row("a press turns the page", PAGES, press(),
        {"page": 2, "turns_at": None, "drawn": False}, turning(2)),
    Row("a press during the refresh of a page turns to the one after it",
        replace(PAGES, page=2, drawn=False), press(), {"page": 3, "turns_at": None}, turning(3)),
    Row("a press on the last page reads", LAST_PAGE, press(), {"busy": True},
        write((1, State.READ))),
    Row("a press during the first refresh of a message with pages turns, and reads nothing",
        replace(DRAWN, pages=3), press(), {"page": 2, "drawn": False}, turning(2, ONE)),
    Row("a double press asks for the last message", CLOCK, press(Gesture.DOUBLE), {"busy": True},
        (RecallLast(),)),
    Row("a double press with nothing that was ever shown", replace(CLOCK, busy=True),
        looked(NOTHING, done=True), {"busy": False}),
    Row("a double press while the store has a job is kept", replace(CLOCK, busy=True),
        press(Gesture.DOUBLE), {"recall": True}),
    Row("a message that is called again begins anew", LAST_PAGE, looked(CALLED),
        {"outlook": CALLED, "current": CALLED.wanted, "page": 1, "turns_at": None, "drawn": False},
        turning(1, CALLED.shown[0])),
    Row("calling a message again ends a peek over it", PEEK, looked(CALLED_WAITING),
        asking(PEEK, outlook=CALLED_WAITING, current=CALLED_WAITING.wanted, peek_ends=None),
        showing(message_screen(replace(ONE, called=1)))),
    # Nobody writes.
    Row("the playlist brings the next screen", AT_CLOCK, later(AT_CLOCK, TURN),
        asking(AT_CLOCK, home=AT_WEATHER.home), showing(WEATHER_SCREEN, at=TURN)),
    Row("and not before", AT_CLOCK, later(AT_CLOCK, TURN - SECOND)),
    Row("a message comes before it", AT_CLOCK, looked(ASKED.outlook),
        asking(AT_CLOCK, outlook=ASKED.outlook, current=ONE), showing(message_screen(ONE))),
    Row("under a message it goes on unseen", covered(AT_CLOCK), later(covered(AT_CLOCK), TURN),
        {"home": AT_WEATHER.home}),
    Row("a press without a message brings the next screen", AT_CLOCK, press(),
        asking(AT_CLOCK, home=PRESSED), showing(WEATHER_SCREEN)),
    Row("a press before the glass shows it counts for nothing", replace(AT_CLOCK, drawn=False),
        press()),
    Row("a press reads a message and turns nothing", covered(AT_CLOCK), press(), {"busy": True},
        write((1, State.READ))),
    # It is quiet.
    Row("the quiet begins", BEFORE_QUIET, later(BEFORE_QUIET, NIGHT),
        asking(BEFORE_QUIET, home=QUIET.home), showing(QUIET_SCREEN, at=NIGHT)),
    Row("a message waits until it ends", QUIET, at_night(ASKED.outlook),
        {"outlook": ASKED.outlook}),
    Row("an urgent one does not", QUIET, at_night(Outlook(URGENT, (), None)),
        asking(QUIET, outlook=Outlook(URGENT, (), None), current=URGENT),
        showing(message_screen(URGENT), at=NIGHT)),
    Row("nor one that somebody calls", QUIET, at_night(CALLED_WAITING),
        asking(QUIET, outlook=CALLED_WAITING, current=CALLED_WAITING.wanted),
        showing(message_screen(replace(ONE, called=1)), at=NIGHT)),
    Row("what is on the glass stays when the quiet begins", covered(BEFORE_QUIET),
        later(covered(BEFORE_QUIET), NIGHT), {"home": QUIET.home}),
    Row("and turns no page", replace(covered(QUIET), pages=3, turns_at=NOON),
        at_night(covered(QUIET).outlook)),
    Row("what was read leaves the quiet screen", covered(QUIET), at_night(Outlook(TWO, (), None)),
        asking(covered(QUIET), outlook=Outlook(TWO, (), None), current=None),
        showing(QUIET_SCREEN, at=NIGHT)),
    Row("a press wakes the panel, and nothing else", QUIET, ButtonPressed(NIGHT, Gesture.SHORT),
        asking(QUIET, home=AWAKE), showing(HOME_SCREEN, at=NIGHT)),
    Row("and the screen that it was is the one that comes back", QUIET_CLOCK,
        ButtonPressed(NIGHT, Gesture.SHORT),
        asking(QUIET_CLOCK, home=QUIET_CLOCK.home.woken(NIGHT).at(NIGHT)),
        showing(HOME_SCREEN, at=NIGHT)),
    Row("and shows who waits", replace(QUIET, outlook=ASKED.outlook),
        ButtonPressed(NIGHT, Gesture.SHORT),
        {**asking(QUIET, home=AWAKE, current=ONE), "request": QUIET.request + 2},
        showing(message_screen(ONE), at=NIGHT)),
    Row("what waits comes when it ends", replace(QUIET, outlook=ASKED.outlook),
        Looked(DAWN, ASKED.outlook),
        {**asking(QUIET, home=QUIET.home.at(DAWN), current=ONE), "request": QUIET.request + 2},
        showing(message_screen(ONE), at=DAWN)),
    # The status screen.
    Row("a long press puts the status over a message", SHOWN, press(Gesture.LONG),
        asking(SHOWN, peek_ends=NOW + PEEK_TIME), showing(STATUS_SCREEN)),
    Row("what the status covers waits, once that is on the glass", replace(PEEK_ASKED, drawn=True),
        ScreenShown(NOW, ANY), {"arrived": NOW, "busy": True}, write((1, State.WAITING))),
    Row("a status over the clock has nothing to write", replace(PEEK_OVER_CLOCK, arrived=None),
        ScreenShown(NOW, ANY), {"arrived": NOW}),
    Row("a press on the status leads back and reads nothing", PEEK, press(),
        asking(PEEK, peek_ends=None), showing(message_screen(ONE))),
    Row("a press on the status leads back to the clock", PEEK_OVER_CLOCK, press(),
        asking(PEEK_OVER_CLOCK, peek_ends=None), showing(HOME_SCREEN)),
    Row("a press turns a status with pages first", replace(PEEK_OVER_CLOCK, pages=2), press(),
        {"page": 2, "drawn": False}, (TurnTo(2), ScreenChanged(NOW, replace(
            STATUS_SCREEN, page=2, pages=2)))),
    Row("a long press during a peek begins it anew, which looks the same", PEEK,
        press(Gesture.LONG), asking(PEEK, peek_ends=NOW + PEEK_TIME), (Show(STATUS_SCREEN),)),
    Row("a picture that is covered stays at hand and is not the status'",
        replace(PEEK, picture=b"png"), press(Gesture.LONG),
        asking(PEEK, peek_ends=NOW + PEEK_TIME), (Show(STATUS_SCREEN),)),
    Row("a message comes during a peek", PEEK_OVER_CLOCK, looked(ASKED.outlook),
        asking(PEEK_OVER_CLOCK, outlook=ASKED.outlook, current=ONE, peek_ends=None),
        showing(message_screen(ONE))),
    Row("one that waits behind the covered one does not end the peek", PEEK,
        looked(replace(PEEK.outlook, deadline=NOON + 60 * SECOND)),
        {"outlook": replace(PEEK.outlook, deadline=NOON + 60 * SECOND)}),
    Row("expiry while covered brings the clock", PEEK, looked(NOTHING),
        asking(PEEK, outlook=NOTHING, current=None, peek_ends=None), showing(HOME_SCREEN)),
    Row("whoever leaves the status by the API reads nothing", PEEK, PeekLeft(NOW),
        asking(PEEK, peek_ends=None), showing(message_screen(ONE))),
    Row("nor does that turn the page of the status", replace(PEEK, pages=2), PeekLeft(NOW),
        asking(PEEK, peek_ends=None), showing(message_screen(ONE))),
    Row("leaving the status without one does nothing", SHOWN, PeekLeft(NOW)),
    # Time passes.
    Row("a status that nobody leaves goes by itself", PEEK_OVER_CLOCK,
        later(PEEK_OVER_CLOCK, NOON + PEEK_TIME), asking(PEEK_OVER_CLOCK, peek_ends=None),
        (Show(HOME_SCREEN), ScreenChanged(NOON + PEEK_TIME, HOME_SCREEN))),
    Row("and not before", PEEK_OVER_CLOCK,
        later(PEEK_OVER_CLOCK, NOON + PEEK_TIME - SECOND)),
    Row("the page turns in time", PAGES, later(PAGES, NOON + PAGE_TIME),
        {"page": 2, "turns_at": None, "drawn": False}, turning(2, at=NOON + PAGE_TIME)),
    Row("and not before", PAGES, later(PAGES, NOON + PAGE_TIME - SECOND)),
    Row("after the last page comes the first", LAST_PAGE, later(PAGES, NOON + PAGE_TIME),
        {"page": 1, "turns_at": None, "drawn": False}, turning(1, at=NOON + PAGE_TIME)),
    Row("a status on its second page over the clock stays there while nothing happens",
        replace(PEEK_OVER_CLOCK, pages=2, page=2), later(PEEK_OVER_CLOCK, NOW)),
    Row("a clock that was set back makes no page stay longer", PAGES,
        later(PAGES, NOON - 3600 * SECOND), {"turns_at": NOON - 3600 * SECOND + PAGE_TIME}),
    Row("nor a status", PEEK_OVER_CLOCK, later(PEEK_OVER_CLOCK, NOON - 3600 * SECOND),
        {"peek_ends": NOON - 3600 * SECOND + PEEK_TIME}),
    Row("nor a message that leaves by itself: its time begins anew", MINUTE,
        later(MINUTE, NOON - 3600 * SECOND), {"busy": True},
        write((1, State.SHOWN), at=NOON - 3600 * SECOND)),
    Row("one that stays until somebody reads it stays as it is", SHOWN,
        later(SHOWN, NOON - 3600 * SECOND)),
    Row("a message whose time is over expires", replace(SHOWN, outlook=WAITS),
        later(replace(SHOWN, outlook=WAITS), NOON + 60 * SECOND), {"busy": True},
        (Expire(NOON + 60 * SECOND),)),
    Row("and not before", replace(SHOWN, outlook=WAITS),
        later(replace(SHOWN, outlook=WAITS), NOON + 59 * SECOND)),
    # The store has trouble.
    Row("the store cannot write: it is left alone for a while",
        replace(ARRIVED, busy=True), StorageChanged(NOW, TROUBLE),
        {"busy": False, "trouble": TROUBLE, "retry_at": NOW + PATIENCE},
        (StorageChanged(NOW, TROUBLE),)),
    Row("the same trouble again is not told again", replace(FULL, busy=True),
        StorageChanged(NOW, TROUBLE), {"busy": False, "retry_at": NOW + PATIENCE}),
    Row("it is not asked before that", FULL, later(FULL, NOW + PATIENCE - SECOND)),
    Row("what was missed is made good then", FULL, later(FULL, NOW + PATIENCE), {"busy": True},
        write((1, State.SHOWN), at=NOON)),
    Row("and before it when the clock was set back", FULL, later(FULL, NOON - SECOND),
        {"busy": True}, write((1, State.SHOWN), at=NOON)),
    Row("all is well when nothing is left to write", replace(FULL, busy=True),
        looked(SHOWN.outlook, done=True), {"busy": False, "outlook": SHOWN.outlook,
        "current": ONE_SHOWN, "trouble": None, "retry_at": None}, (StorageChanged(NOW, None),)),
    Row("a press that could not be written is not tried again",
        replace(SHOWN, trouble=TROUBLE, retry_at=NOW), later(SHOWN, NOW),
        {"trouble": None, "retry_at": None}, (StorageChanged(NOW, None),)),
    Row("trouble keeps nobody from the status screen", FULL, press(Gesture.LONG),
        asking(FULL, peek_ends=NOW + PEEK_TIME), showing(STATUS_SCREEN)),
    Row("nor an urgent message from the glass", FULL, looked(Outlook(URGENT, (), None)),
        asking(FULL, outlook=Outlook(URGENT, (), None), current=URGENT),
        showing(message_screen(URGENT))),
)  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_it_does(row: Row) -> None:
    state, effects = reduce(row.before, row.event)
    assert effects == row.effects
    assert state == replace(row.before, **row.changes)


@pytest.mark.parametrize(
    ("state", "moment"),
    [
        (CLOCK, None),
        (PEEK_OVER_CLOCK, NOON + PEEK_TIME),
        (PAGES, NOON + PAGE_TIME),
        (replace(PAGES, outlook=WAITS), NOON + PAGE_TIME),
        (AT_CLOCK, TURN),
        (BEFORE_QUIET, NIGHT),
        (replace(covered(QUIET), turns_at=NOON + PAGE_TIME), DAWN),
        (replace(SHOWN, outlook=WAITS), NOON + 60 * SECOND),
        (replace(SHOWN, outlook=WAITS, busy=True), None),
        (replace(SHOWN, outlook=WAITS, retry_at=NOON + PATIENCE), NOON + PATIENCE),
    ],
)
def test_it_wakes_up_for_what_comes_first(state: ControllerState, moment: datetime | None) -> None:
    assert state.wakes_at == moment


def test_times_of_the_hour_that_comes_twice_are_told_apart() -> None:
    """In October 03:00 is 02:00 again in Berlin: a peek lasts five minutes there too."""
    summer = datetime(2026, 10, 25, 2, 58, tzinfo=BERLIN)
    peek, _ = reduce(CLOCK, ButtonPressed(summer, Gesture.LONG))
    for minute, lasts in ((2, True), (3, False)):
        winter = datetime(2026, 10, 25, 2, minute, tzinfo=BERLIN, fold=1)
        assert (reduce(peek, later(peek, winter))[0].peek_ends is not None) is lasts


@dataclass
class World:
    """A store, a display and people, as simple as can be; any of them may do anything next."""

    state: ControllerState = CLOSED
    now: datetime = NOON
    known: dict[int, Message] = field(default_factory=dict)
    asked: Show = Show(HOME_SCREEN)  # noqa: RUF009 - frozen
    page: int = 1
    pages: int = 1
    drawn: bool = False
    job: Any = None
    on_glass: set[int] = field(default_factory=set)
    pressed_on: set[int] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)

    def feed(self, event: Event) -> None:
        self.events.append(event)
        self.state, effects = reduce(self.state, event)
        for effect in effects:
            match effect:
                case Show():
                    self.asked, self.page, self.pages, self.drawn = effect, 1, 1, False
                    self.forget_early_presses()
                case TurnTo(page):
                    self.page, self.drawn = page, False
                case Write() | Expire() | RecallLast():
                    assert self.job is None, "one job at a time"
                    self.job = effect

    @property
    def outlook(self) -> Outlook:
        messages = self.known.values()
        wanted = queue.wanted(messages)
        shown = tuple(it for it in messages if it.state is State.SHOWN)
        picture = f"{wanted.id}".encode() if wanted and wanted.has_picture else None
        return Outlook(wanted, shown, queue.deadline(messages), picture)

    @property
    def asked_message(self) -> int | None:
        message = self.asked.screen.message
        return None if message is None else message.id

    def look(self, done: bool = False) -> None:
        self.feed(Looked(self.now, self.outlook, done))

    def readable(self) -> set[int]:
        """What a press reads now: what is shown, or else what is drawn; nothing behind a peek."""
        if self.asked.screen.screen is ScreenKind.STATUS:
            return set()
        drawn = self.asked.screen.message if self.drawn else None
        return {it.id for it in (*self.outlook.shown, *([drawn] if drawn else []))[:1]}

    def forget_early_presses(self) -> None:
        self.pressed_on &= {it.id for it in self.known.values() if it.shown_at is not None}

    def change(self, number: int, step: Callable[[Message], Message]) -> bool:
        try:
            self.known[number] = step(self.known[number])
        except (KeyError, MessageNotFoundError, MessageStateError):
            return False
        return True

    # What may happen:

    def send(self, urgent: bool, show_for: int | None, picture: bool) -> None:
        draft = Draft(
            author="ada",
            text="text",
            priority=Priority.URGENT if urgent else Priority.NORMAL,
            show_for=show_for,
            expires_at=self.now + 90 * SECOND if show_for == 30 else None,
            picture=b"picture" if picture else None,
        )
        number = len(self.known) + 1
        self.known[number] = model.accept(
            draft, number=number, at=self.now, calls=self.outlook.calls
        )
        self.look()

    def press(self, gesture: Gesture) -> None:
        if gesture is Gesture.SHORT and self.page == self.pages:
            self.pressed_on |= self.readable()
        self.feed(ButtonPressed(self.now, gesture))

    def leave(self) -> None:
        self.feed(PeekLeft(self.now))

    def delete(self, number: int) -> None:
        if self.change(number, partial(model.delete, at=self.now)):
            self.look()

    def call_again(self, number: int) -> None:
        if self.change(number, partial(model.recall, calls=self.outlook.calls)):
            self.look()

    def draw(self, pages: int) -> None:
        # One screen has as many pages as it had.
        self.pages = pages if self.pages == 1 else self.pages
        self.drawn = True
        self.feed(ScreenDrawn(self.now, ANY, self.pages))

    def show(self) -> None:
        if self.drawn:
            if self.asked_message is not None:
                self.on_glass.add(self.asked_message)
            self.feed(ScreenShown(self.now, ANY))

    def cannot_draw(self) -> None:
        if self.asked.screen.screen is not ScreenKind.CLOCK and not self.drawn:
            self.feed(ScreenFailed(self.now, ANY))

    def lose_panel(self) -> None:
        self.drawn = False
        self.forget_early_presses()
        self.feed(PanelChanged(self.now, "it does not answer"))

    def work(self, succeeds: bool) -> None:
        job, self.job = self.job, None
        if job is not None and not succeeds:
            self.feed(StorageChanged(self.now, TROUBLE))
        elif job is not None:
            self.do(job)
            self.look(done=True)

    def do(self, job: Any) -> None:
        match job:
            case Write(at, changes):
                before = dict(self.known)
                for number, to in changes:
                    if not self.change(number, _step(to, at)):
                        self.known = before
                        break
            case Expire(at):
                for message in queue.due(self.known.values(), at):
                    self.change(message.id, partial(model.expire, now=at))
            case RecallLast():
                seen = [it for it in self.known.values() if it.shown_at is not None]
                for message in sorted(seen, key=lambda it: (it.shown_at, it.id))[-1:]:
                    self.call_again(message.id)

    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND
        self.look()

    def settle(self) -> None:
        """Let everybody do what is left to do, without any trouble."""
        for _ in range(50):
            if self.state.busy:
                self.work(succeeds=True)
            elif self.state.retry_at is not None:
                self.wait(10)
            elif self.state.arrived is None or not self.drawn:
                self.draw(1)
                self.show()
            else:
                return
        raise AssertionError("it never comes to rest")

    # What has to be true:

    def check(self) -> None:
        shown = self.outlook.shown
        assert len(shown) <= 1, "one message is shown"
        was_shown = {it.id for it in self.known.values() if it.shown_at is not None}
        assert was_shown <= self.on_glass, "what is shown has been on the glass"
        read = {it.id for it in self.known.values() if it.state is State.READ}
        assert read <= self.on_glass & self.pressed_on, "what is read was on the glass for a press"
        assert (self.job is not None) == self.state.busy
        picture = self.asked.screen.screen is ScreenKind.PICTURE
        assert self.asked.picture == (f"{self.asked_message}".encode() if picture else None)
        ends = self.state.peek_ends
        assert ends is None or ends <= self.now + PEEK_TIME, "a peek ends"

    def check_at_rest(self) -> None:
        self.check()
        wanted = queue.wanted(self.known.values())
        expected = wanted and wanted.id
        if self.state.peek_ends is None:
            assert self.asked_message == expected
            assert [it.id for it in self.outlook.shown] == ([] if wanted is None else [expected])
        else:
            assert self.asked.screen == STATUS_SCREEN
            assert self.outlook.shown == ()


def _step(to: State, at: datetime) -> Callable[[Message], Message]:
    steps: dict[State, Callable[[Message], Message]] = {
        State.WAITING: model.set_aside,
        State.SHOWN: partial(model.show, at=at),
        State.READ: partial(model.acknowledge, at=at),
        State.EXPIRED: partial(model.give_up, at=at),
    }
    return steps[to]


def _may(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), *arguments)


NUMBERS = st.integers(1, 4)
WHATEVER = st.lists(
    st.one_of(
        _may("send", st.booleans(), st.sampled_from([None, None, 5, 30]), st.booleans()),
        _may("press", st.sampled_from(Gesture)),
        _may("press", st.just(Gesture.SHORT)),
        _may("leave"),
        _may("delete", NUMBERS),
        _may("call_again", NUMBERS),
        _may("draw", st.integers(1, 3)),
        _may("show"),
        _may("show"),
        _may("cannot_draw"),
        _may("lose_panel"),
        _may("work", st.booleans()),
        _may("work", st.just(True)),
        _may("wait", st.sampled_from([1, 10, 20, 300])),
    ),
    max_size=40,
)


@given(WHATEVER)
@settings(max_examples=300, deadline=None)
def test_whatever_happens_the_glass_tells_the_truth(happenings: list[tuple[Any, ...]]) -> None:
    world = World()
    world.look(done=True)
    for name, *arguments in happenings:
        getattr(world, name)(*arguments)
        world.check()
    world.settle()
    world.check_at_rest()
    world.wait(300)
    world.settle()
    assert world.state.peek_ends is None
    world.check_at_rest()


@given(WHATEVER)
@settings(max_examples=50, deadline=None)
def test_the_state_is_a_function_of_the_events(happenings: list[tuple[Any, ...]]) -> None:
    world = World()
    world.look(done=True)
    for name, *arguments in happenings:
        getattr(world, name)(*arguments)
    state = CLOSED
    for event in world.events:
        state, _ = reduce(state, event)
    assert state == world.state
