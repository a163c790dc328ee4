"""What the button and the time do to pages and to the status screen."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inkstand.events import ButtonPressed, Gesture
from inkstand.messages import Draft, State
from inkstand.messages.controller import Controller
from inkstand.messages.events import ScreenChanged, ScreenKind, ScreenState
from inkstand.panel import Refresh
from inkstand.rendering import to_frame
from inkstand.screens import ClockScreen, MessageScreen, StatusScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from PIL import Image

    from inkstand.events import Listener

pytestmark = pytest.mark.integration
Stage = Any
SECOND = timedelta(seconds=1)
LONG = "It was the best of times, it was the worst of times, it was the age of wisdom. " * 9
SIGNED = MessageScreen(LONG, "ada at 09:30")
STATUS = StatusScreen("Inkstand", (("Version", "1"),), "https://mac.example.com")
LONG_STATUS = StatusScreen("Inkstand", tuple((f"Line {it}", "is here") for it in range(20)))


class Unsure:
    """A host that does not know the time."""

    synchronised = False

    async def watch(self, changed: Callable[[], None]) -> None:
        await asyncio.Event().wait()


@dataclass(frozen=True)
class Hopeless:
    """A screen that cannot be drawn."""

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:
        raise ValueError("no")

    def pages(self, size: tuple[int, int]) -> int:
        return 1

    def next_change(self, now: datetime) -> datetime | None:
        return None


@dataclass
class Desk:
    """An appliance that runs, with what a person does and sees."""

    stage: Stage
    eventually: Any
    changes: Listener
    store: Any
    options: dict[str, Any] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None

    async def start(self) -> Controller:
        stage, home = self.stage, ClockScreen()
        self.controller = Controller(
            stage.display, self.store, stage.clock, stage.hub, home, **self.options
        )
        self.controller.on_long_press = lambda: STATUS
        self.task = asyncio.create_task(self.controller.run())
        await self.eventually(lambda: not self.controller.state.busy)
        return self.controller

    def press(self, gesture: Gesture = Gesture.SHORT) -> None:
        self.stage.hub.publish(ButtonPressed(self.stage.clock.now(), gesture))

    async def send(self, text: str, **options: Any) -> int:
        draft = Draft(author="ada", text=text, **options)
        return (await self.controller.submit(draft)).message.id

    async def glass_shows(self, screen: Any) -> None:
        size = self.stage.panel.info().size
        frame = to_frame(screen.render(size, self.stage.clock.now()), size)
        await self.eventually(lambda: self.stage.panel.current() == frame)

    async def page(self, number: int) -> None:
        """Return when that page of the long message is on the glass, and known to be."""
        await self.glass_shows(replace(SIGNED, page=number))
        await self.eventually(self.is_settled)

    def is_settled(self) -> bool:
        state = self.controller.state
        arrived = state.drawn and state.arrived is not None
        return arrived and not self.stage.display.refreshing and not state.busy

    async def is_(self, number: int, state: State) -> None:
        await self.store.until(number, state)

    async def next_state(self) -> ScreenState:
        async with asyncio.timeout(60):
            event = await anext(self.changes)
        assert isinstance(event, ScreenChanged)
        return event.state

    async def seconds_pass(self, seconds: int) -> None:
        await self.eventually(lambda: self.stage.clock._sleepers)
        self.stage.clock.advance(seconds * SECOND)


@pytest.fixture
async def desk(stage: Stage, store: Any, eventually: Any) -> AsyncIterator[Desk]:
    with stage.hub.listen(kinds=(ScreenChanged,)) as changes:
        desk = Desk(stage, eventually, changes, store)
        yield desk
        if desk.task is not None:
            desk.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await desk.task


PAGES = SIGNED.pages((264, 176))


def test_the_long_message_has_three_pages() -> None:
    assert PAGES == 3


async def test_pages_are_turned_by_time_and_begin_anew_after_the_last(desk: Desk) -> None:
    await desk.start()
    number = await desk.send(LONG)
    for page in (1, 2, 3, 1, 2):
        await desk.page(page)
        await desk.seconds_pass(20)
    await desk.is_(number, State.SHOWN)


async def test_pages_that_are_turned_need_no_full_refresh(desk: Desk) -> None:
    await desk.start()
    await desk.send(LONG)
    await desk.page(1)
    desk.stage.panel.commands.clear()
    await desk.seconds_pass(20)
    await desk.page(2)
    assert desk.stage.panel.commands == [Refresh.PARTIAL]


async def test_a_press_turns_the_page_and_on_the_last_one_acknowledges(desk: Desk) -> None:
    desk.options = {"page_time": timedelta()}
    await desk.start()
    number = await desk.send(LONG)
    for page in (1, 2, 3):
        await desk.page(page)
        await desk.is_(number, State.SHOWN)
        desk.press()
    await desk.is_(number, State.READ)
    await desk.glass_shows(ClockScreen())


async def test_without_a_page_time_only_the_button_turns(desk: Desk) -> None:
    desk.options = {"page_time": timedelta()}
    controller = await desk.start()
    await desk.send(LONG)
    await desk.page(1)
    desk.stage.clock.advance(3600 * SECOND)
    await desk.eventually(lambda: not controller.state.busy)
    assert controller.state.screen.page == 1


async def test_a_clock_that_was_set_back_holds_no_page_longer(desk: Desk) -> None:
    controller = await desk.start()
    await desk.send(LONG)
    await desk.page(1)
    await desk.seconds_pass(-20 * 60)
    due = desk.stage.clock.now() + 20 * SECOND
    await desk.eventually(lambda: controller.state.turns_at == due)
    await desk.seconds_pass(20)
    await desk.page(2)


async def test_two_quick_presses_turn_two_pages(desk: Desk) -> None:
    await desk.start()
    number = await desk.send(LONG)
    await desk.page(1)
    desk.press()
    desk.press()
    await desk.page(3)
    await desk.is_(number, State.SHOWN)


async def test_a_double_press_begins_the_message_that_is_shown_anew(desk: Desk) -> None:
    await desk.start()
    await desk.send(LONG)
    await desk.page(1)
    desk.press()
    await desk.page(2)
    desk.press(Gesture.DOUBLE)
    await desk.page(1)


async def test_what_is_on_is_told_with_its_page(desk: Desk) -> None:
    controller = await desk.start()
    assert controller.state.screen == ScreenState(ScreenKind.CLOCK)
    number = await desk.send(LONG)
    states = [await desk.next_state() for _ in range(2)]
    assert [(it.screen, it.page, it.pages) for it in states] == [
        (ScreenKind.MESSAGE, 1, 1),
        (ScreenKind.MESSAGE, 1, 3),
    ]
    await desk.page(1)
    desk.press()
    assert (await desk.next_state()).page == 2
    await desk.is_(number, State.SHOWN)
    shown = controller.state.screen.message
    assert shown is not None
    assert (shown.id, shown.state) == (number, State.SHOWN)
    desk.press(Gesture.LONG)
    assert await desk.next_state() == ScreenState(ScreenKind.STATUS)
    desk.press()
    assert (await desk.next_state()).screen is ScreenKind.MESSAGE


async def test_a_picture_is_told_as_one(desk: Desk) -> None:
    await desk.start()
    await desk.send("square.png", picture=b"no picture")
    assert (await desk.next_state()).screen is ScreenKind.PICTURE


async def test_a_status_with_pages_is_turned_and_then_left(desk: Desk) -> None:
    controller = await desk.start()
    controller.on_long_press = lambda: LONG_STATUS
    desk.press(Gesture.LONG)
    await desk.glass_shows(LONG_STATUS)
    await desk.eventually(lambda: controller.state.screen.pages == 2)
    desk.press()
    await desk.glass_shows(replace(LONG_STATUS, page=2))
    desk.press()
    await desk.glass_shows(ClockScreen())


async def test_a_status_that_nobody_leaves_goes_by_itself(desk: Desk) -> None:
    controller = await desk.start()
    controller.show_status()
    await desk.glass_shows(STATUS)
    await desk.eventually(desk.is_settled)
    await desk.seconds_pass(300)
    await desk.glass_shows(ClockScreen())
    assert controller.state.screen.screen is ScreenKind.CLOCK


async def test_a_message_ends_a_peek(desk: Desk) -> None:
    controller = await desk.start()
    controller.show_status()
    await desk.glass_shows(STATUS)
    await desk.send("Hello")
    await desk.glass_shows(MessageScreen("Hello", "ada at 09:30"))


async def test_a_status_that_cannot_be_drawn_is_left(desk: Desk) -> None:
    controller = await desk.start()
    controller.on_long_press = Hopeless
    desk.press(Gesture.LONG)
    assert (await desk.next_state()).screen is ScreenKind.STATUS
    assert (await desk.next_state()).screen is ScreenKind.CLOCK


async def test_a_message_that_a_peek_covers_waits_and_comes_back_unread(desk: Desk) -> None:
    controller = await desk.start()
    number = await desk.send("Hello")
    await desk.is_(number, State.SHOWN)
    controller.show_status()
    await desk.glass_shows(STATUS)
    await desk.is_(number, State.WAITING)
    controller.end_peek()
    await desk.glass_shows(MessageScreen("Hello", "ada at 09:30"))
    await desk.is_(number, State.SHOWN)


async def test_what_ends_a_peek_does_nothing_to_a_message_without_one(desk: Desk) -> None:
    controller = await desk.start()
    number = await desk.send("Hello")
    await desk.is_(number, State.SHOWN)
    await desk.eventually(desk.is_settled)
    controller.end_peek()
    assert desk.is_settled()
    # A press comes after whatever that did, and what was read cannot be covered any more.
    desk.press(Gesture.LONG)
    await desk.is_(number, State.WAITING)


async def test_a_press_on_the_status_leads_back_and_the_next_one_reads(desk: Desk) -> None:
    await desk.start()
    number = await desk.send("Hello")
    await desk.is_(number, State.SHOWN)
    desk.press(Gesture.LONG)
    await desk.is_(number, State.WAITING)
    desk.press()
    await desk.is_(number, State.SHOWN)
    desk.press()
    await desk.glass_shows(ClockScreen())
    await desk.is_(number, State.READ)


async def test_time_behind_a_peek_is_no_time_on_the_glass(desk: Desk) -> None:
    controller = await desk.start()
    number = await desk.send("Hello", show_for=60)
    await desk.is_(number, State.SHOWN)
    controller.show_status()
    await desk.is_(number, State.WAITING)
    await desk.eventually(desk.is_settled)
    await desk.seconds_pass(120)
    controller.end_peek()
    await desk.is_(number, State.SHOWN)


async def test_a_message_of_another_day_says_so(desk: Desk) -> None:
    controller = await desk.start()
    at = desk.stage.clock.now()
    await desk.send("Hello")
    await desk.glass_shows(MessageScreen("Hello", "ada at 09:30"))
    desk.press()
    await desk.is_(1, State.READ)
    desk.stage.clock.set(at + timedelta(days=1))
    await controller.show_again(1)
    await desk.glass_shows(MessageScreen("Hello", "ada, 21 Nov 09:30"))


async def test_while_nobody_knows_the_time_a_message_tells_none(desk: Desk) -> None:
    desk.options = {"time": Unsure()}
    await desk.start()
    await desk.send("Hello")
    await desk.glass_shows(MessageScreen("Hello", "ada"))


async def test_without_anything_better_a_long_press_shows_the_name(desk: Desk) -> None:
    stage = desk.stage
    other = Controller(stage.display, desk.store, stage.clock, stage.hub, ClockScreen())
    assert other.on_long_press() == StatusScreen("Inkstand")
