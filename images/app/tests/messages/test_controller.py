"""Messages on a panel in memory, by a clock that stands still."""

from __future__ import annotations

import asyncio
import contextlib
import io
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from inkstand.clock import nudged_or
from inkstand.errors import (
    MessageNotFoundError,
    MessageStateError,
    PanelFailedError,
)
from inkstand.events import ButtonPressed, Gesture
from inkstand.messages import Draft, Priority, State
from inkstand.messages.controller import Controller
from inkstand.messages.events import MessageChanged
from inkstand.messages.reducer import PATIENCE
from inkstand.messages.retention import Retention, keep_pruned
from inkstand.rendering import to_frame
from inkstand.screens import ClockScreen, MessageScreen, StatusScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from inkstand.frame import Frame
    from inkstand.panel import Refresh

pytestmark = pytest.mark.integration
Stage = Any
SECOND = timedelta(seconds=1)
HELLO = Draft(author="ada", text="Hello")


@dataclass
class Desk:
    """An appliance that runs, with all that a person can do and see."""

    stage: Stage
    store: Any
    controller: Controller
    eventually: Any

    def press(self, gesture: Gesture = Gesture.SHORT) -> None:
        self.stage.hub.publish(ButtonPressed(self.stage.clock.now(), gesture))

    async def send(self, text: str, **options: Any) -> int:
        draft = Draft(author="ada", text=text, **options)
        return (await self.controller.submit(draft)).message.id

    def picture(self, screen: Any) -> Frame:
        size = self.stage.panel.info().size
        return to_frame(screen.render(size, self.stage.clock.now()), size)

    async def glass_shows(self, screen: Any) -> None:
        await self.eventually(lambda: self.stage.panel.current() == self.picture(screen))

    async def glass_says(self, text: str) -> None:
        await self.glass_shows(MessageScreen(text, "ada at 09:30"))

    async def glass_shows_the_clock(self) -> None:
        await self.glass_shows(ClockScreen())

    async def is_(self, number: int, state: State) -> None:
        await self.store.until(number, state)


@pytest.fixture
async def desk(
    stage: Stage, store: Any, eventually: Callable[..., Awaitable[None]]
) -> AsyncIterator[Desk]:
    controller = Controller(stage.display, store, stage.clock, stage.hub, ClockScreen())
    desk = Desk(stage, store, controller, eventually)
    task = asyncio.create_task(controller.run())
    await eventually(lambda: not controller.state.busy)
    yield desk
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_message_is_shown_once_it_is_on_the_glass(desk: Desk) -> None:
    number = await desk.send("Hello")
    assert (await desk.store.get(number)).state is State.WAITING
    await desk.glass_says("Hello")
    await desk.is_(number, State.SHOWN)
    assert (await desk.store.get(number)).shown_at == desk.stage.clock.now()


async def test_the_button_reads_messages_one_by_one_and_then_brings_the_clock(desk: Desk) -> None:
    numbers = [await desk.send(text) for text in ("one", "two", "three")]
    for number, text in zip(numbers, ("one", "two", "three"), strict=True):
        await desk.is_(number, State.SHOWN)
        await desk.glass_says(text)
        desk.press()
        await desk.is_(number, State.READ)
    await desk.glass_shows_the_clock()


async def test_a_press_on_the_clock_does_nothing(desk: Desk) -> None:
    desk.press()
    number = await desk.send("Hello")
    await desk.is_(number, State.SHOWN)


async def test_a_press_while_the_panel_is_drawing_counts_for_what_is_drawn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = desk.stage.panel.show

    def press_and_show(frame: Frame, refresh: Refresh) -> None:
        monkeypatch.setattr(desk.stage.panel, "show", show)
        loop.call_soon_threadsafe(desk.press)
        show(frame, refresh)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(desk.stage.panel, "show", press_and_show)
    number = await desk.send("Hello")
    await desk.is_(number, State.READ)
    await desk.glass_shows_the_clock()


async def test_a_press_before_the_panel_failed_counts_for_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = desk.stage.panel.show

    def press_and_fail(frame: Frame, refresh: Refresh) -> None:
        monkeypatch.setattr(desk.stage.panel, "show", show)
        loop.call_soon_threadsafe(desk.press)
        raise PanelFailedError("no")

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(desk.stage.panel, "show", press_and_fail)
    number = await desk.send("Hello")
    await desk.glass_says("Hello")
    await desk.is_(number, State.SHOWN)


async def test_an_urgent_message_is_shown_at_once_and_what_it_hid_comes_back(desk: Desk) -> None:
    normal = await desk.send("normal")
    await desk.is_(normal, State.SHOWN)
    urgent = await desk.send("urgent", priority=Priority.URGENT)
    await desk.is_(urgent, State.SHOWN)
    await desk.is_(normal, State.WAITING)
    desk.press()
    await desk.is_(normal, State.SHOWN)
    await desk.glass_says("normal")


async def test_a_message_leaves_after_its_seconds_on_the_glass(desk: Desk) -> None:
    first = await desk.send("first", show_for=10)
    second = await desk.send("second")
    await desk.is_(first, State.SHOWN)
    await desk.stage.clock.wait_for_sleeper()
    desk.stage.clock.advance(10 * SECOND)
    await desk.is_(first, State.EXPIRED)
    await desk.is_(second, State.SHOWN)


async def test_a_message_that_waits_too_long_is_never_shown(desk: Desk) -> None:
    first = await desk.send("first")
    late = await desk.send("late", expires_at=desk.stage.clock.now() + 5 * SECOND)
    await desk.is_(first, State.SHOWN)
    desk.stage.clock.advance(5 * SECOND)
    await desk.is_(late, State.EXPIRED)
    assert (await desk.store.get(late)).shown_at is None


async def test_what_only_waits_for_its_turn_wakes_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.is_(await desk.send("first"), State.SHOWN)
    await desk.eventually(lambda: not desk.controller.state.busy)
    waits = []

    async def counting(*arguments: Any) -> None:
        waits.append(arguments)
        await nudged_or(*arguments)

    monkeypatch.setattr("inkstand.messages.controller.nudged_or", counting)
    for _ in range(50):
        await desk.send("later")
    await desk.send("a deadline", expires_at=desk.stage.clock.now() + SECOND)
    await desk.eventually(lambda: waits)
    assert len(waits) == 1


async def test_a_message_can_be_shown_again_and_read_again(desk: Desk) -> None:
    number = await desk.send("Hello")
    await desk.is_(number, State.SHOWN)
    desk.press()
    await desk.glass_shows_the_clock()
    assert (await desk.controller.show_again(number)).state is State.WAITING
    await desk.glass_says("Hello")
    await desk.is_(number, State.SHOWN)
    assert (await desk.controller.acknowledge(number)).state is State.READ
    await desk.glass_shows_the_clock()


async def test_a_double_press_shows_the_last_message_again(desk: Desk) -> None:
    desk.press(Gesture.DOUBLE)
    number = await desk.send("Hello")
    await desk.is_(number, State.SHOWN)
    desk.press()
    await desk.is_(number, State.READ)
    desk.press(Gesture.DOUBLE)
    await desk.is_(number, State.SHOWN)


async def test_a_long_press_peeks_and_a_short_one_goes_back_without_reading(desk: Desk) -> None:
    status = StatusScreen("Inkstand")
    desk.controller.on_long_press = lambda: status
    number = await desk.send("Hello")
    await desk.is_(number, State.SHOWN)
    desk.press(Gesture.LONG)
    await desk.glass_shows(status)
    desk.press()
    await desk.glass_says("Hello")
    await desk.is_(number, State.SHOWN)


async def test_a_deleted_message_leaves_the_glass(desk: Desk) -> None:
    number = await desk.send("Hello")
    await desk.glass_says("Hello")
    await desk.controller.delete(number)
    await desk.glass_shows_the_clock()
    with pytest.raises(MessageStateError):
        await desk.controller.show_again(number)
    with pytest.raises(MessageNotFoundError):
        await desk.controller.delete(99)


async def test_what_was_on_the_glass_is_there_again_after_a_restart(
    stage: Stage, store: Any, eventually: Any
) -> None:
    desk = Desk(
        stage,
        store,
        Controller(stage.display, store, stage.clock, stage.hub, ClockScreen()),
        eventually,
    )
    await desk.send("Hello")
    task = asyncio.create_task(desk.controller.run())
    await desk.glass_says("Hello")
    await desk.is_(1, State.SHOWN)
    task.cancel()
    again = Controller(stage.display, store, stage.clock, stage.hub, ClockScreen())
    stage.display.show(ClockScreen())
    await desk.glass_shows_the_clock()
    task = asyncio.create_task(again.run())
    await desk.glass_says("Hello")
    task.cancel()


async def test_a_picture_is_shown_like_a_message(desk: Desk) -> None:
    image = Image.new("1", (264, 176), 1)
    image.paste(0, (10, 10, 60, 60))
    data = io.BytesIO()
    image.save(data, "PNG")
    number = await desk.send("square.png", picture=data.getvalue())
    await desk.is_(number, State.SHOWN)
    assert desk.stage.panel.current() == to_frame(image, (264, 176))


async def test_a_picture_that_cannot_be_drawn_makes_way(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    broken = await desk.send("broken.png", picture=b"no picture")
    after = await desk.send("after")
    await desk.is_(broken, State.EXPIRED)
    await desk.is_(after, State.SHOWN)
    assert "cannot be drawn" in caplog.text


async def test_each_state_is_told_once_with_the_one_before(desk: Desk) -> None:
    with desk.stage.hub.listen(kinds=(MessageChanged,)) as events:
        number = await desk.send("Hello")
        await desk.is_(number, State.SHOWN)
        desk.press()
        await desk.glass_shows_the_clock()
        told = [await anext(events) for _ in range(3)]
        assert [(event.previous, event.message.state) for event in told] == [
            (None, State.WAITING),
            (State.WAITING, State.SHOWN),
            (State.SHOWN, State.READ),
        ]
        assert not events._events


async def test_a_full_disk_is_reported_and_what_was_missed_is_made_good(desk: Desk) -> None:
    desk.store.full = True
    number = await desk.send("Hello")
    await desk.glass_says("Hello")
    await desk.eventually(lambda: desk.controller.state.trouble == "There is no room")
    desk.store.full = False
    desk.stage.clock.advance(PATIENCE)
    await desk.is_(number, State.SHOWN)
    await desk.eventually(lambda: desk.controller.state.trouble is None)


async def test_the_same_request_again_is_told_to_nobody(desk: Desk) -> None:
    options: dict[str, Any] = {"idempotency_key": "k"}
    with desk.stage.hub.listen(kinds=(MessageChanged,)) as events:
        first = await desk.send("Hello", **options)
        await desk.is_(first, State.SHOWN)
        assert await desk.send("Hello", **options) == first
        assert len(events._events) == 2


async def until_count(store: Any, count: int) -> None:
    async with asyncio.timeout(60):
        while await store.count() != count:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.005)


async def test_old_messages_go_every_day(stage: Stage, store: Any) -> None:
    gone = Retention(timedelta(days=1), 100)
    controller = Controller(stage.display, store, stage.clock, stage.hub, ClockScreen())
    await controller.submit(HELLO)
    await controller.delete(1)
    task = asyncio.create_task(keep_pruned(store, stage.clock, gone, stage.hub))
    await stage.clock.wait_for_sleeper()
    assert await store.count() == 1
    for _ in range(2):
        await stage.clock.wait_for_sleeper()
        stage.clock.advance(timedelta(days=1, seconds=1))
    await until_count(store, 0)
    task.cancel()


async def test_old_messages_go_when_many_have_ended(
    stage: Stage, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inkstand.messages.retention._ENDED_BETWEEN", 10)
    few = Retention(timedelta(days=1), 3)
    controller = Controller(stage.display, store, stage.clock, stage.hub, ClockScreen())
    task = asyncio.create_task(keep_pruned(store, stage.clock, few, stage.hub))
    await stage.clock.wait_for_sleeper()
    for _ in range(10):
        await controller.delete((await controller.submit(HELLO)).message.id)
    await until_count(store, 3)
    task.cancel()
