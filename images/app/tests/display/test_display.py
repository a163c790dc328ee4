"""The task that owns the panel."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from inkstand.clock import ManualClock
from inkstand.display.display import Display, Policy
from inkstand.events import FrameShown, Hub, RefreshStarted, ScreenDrawn
from inkstand.frame import Frame
from inkstand.panel import Refresh
from inkstand.panel.memory import MemoryPanel
from inkstand.rendering import to_frame
from inkstand.screens import ClockScreen, MessageScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from PIL import Image

pytestmark = pytest.mark.unit
Stage = Any
MINUTE = timedelta(minutes=1)


def _cold() -> MemoryPanel:
    panel = MemoryPanel(264, 176)
    panel.set_temperature(-1)
    return panel


def picture_of(screen: Any, stage: Stage) -> Frame:
    size = stage.panel.info().size
    return to_frame(screen.render(size, stage.clock.now()), size)


@dataclass(frozen=True)
class Hopeless:
    """A screen that cannot be drawn."""

    def render(self, size: tuple[int, int], now: datetime) -> Image.Image:
        raise ValueError("no")

    def pages(self, size: tuple[int, int]) -> int:
        return 1

    def next_change(self, now: datetime) -> datetime | None:
        return None


async def test_the_first_picture_is_home_with_a_full_refresh(stage: Stage) -> None:
    assert stage.panel.commands == [Refresh.FULL]
    assert stage.panel.current() == picture_of(ClockScreen(), stage)


async def test_the_next_minute_is_a_partial_refresh(stage: Stage) -> None:
    stage.clock.advance(MINUTE)
    shown = await stage.next_frame()
    assert shown.refresh is Refresh.PARTIAL
    assert shown.frame == stage.panel.current() == picture_of(ClockScreen(), stage)


async def test_a_panel_without_partial_refresh_gets_full_ones() -> None:
    clock, hub = ManualClock(datetime(2026, 11, 21, 9, 30, tzinfo=UTC)), Hub()
    panel = MemoryPanel(200, 96, partial=False)
    display = Display(panel, clock, hub, ClockScreen())
    task = asyncio.create_task(display.run())
    await clock.wait_for_sleeper()
    with hub.listen(kinds=(FrameShown,)) as listener:
        clock.advance(MINUTE)
        await anext(listener)
    task.cancel()
    assert panel.commands == [Refresh.FULL, Refresh.FULL]


async def test_after_thirty_minutes_of_partial_ones_comes_a_full_refresh(stage: Stage) -> None:
    kinds = []
    for _ in range(31):
        await stage.clock.wait_for_sleeper()
        stage.clock.advance(MINUTE)
        kinds.append((await stage.next_frame()).refresh)
    assert kinds == [Refresh.PARTIAL] * 29 + [Refresh.FULL, Refresh.PARTIAL]


async def test_how_often_a_full_refresh_comes_and_how_warm_it_is_are_for_the_owner_to_say() -> None:
    clock, hub, panel = ManualClock(datetime(2026, 11, 21, 9, 30, tzinfo=UTC)), Hub(), _cold()
    policy = Policy(full_every=2 * MINUTE, temperature=4)
    task = asyncio.create_task(Display(panel, clock, hub, ClockScreen(), policy).run())
    kinds = []
    with hub.listen(kinds=(FrameShown,)) as listener:
        for _ in range(5):
            shown = await anext(listener)
            assert isinstance(shown, FrameShown)
            kinds.append(shown.refresh)
            await clock.wait_for_sleeper()
            clock.advance(MINUTE)
    task.cancel()
    full, partial = Refresh.FULL, Refresh.PARTIAL
    assert kinds == [full, partial, full, partial, full]
    assert panel.temperature == 4


async def test_a_page_that_is_turned_is_a_partial_refresh(stage: Stage) -> None:
    first, second = (MessageScreen("all work and no play " * 40, page=page) for page in (1, 2))
    stage.display.show(first)
    assert (await stage.next_event(ScreenDrawn)).pages == first.pages((264, 176)) > 1
    assert (await stage.next_frame()).refresh is Refresh.FULL
    stage.display.turn_to(second)
    assert (await stage.next_frame()).refresh is Refresh.PARTIAL
    assert stage.panel.current() == picture_of(second, stage)
    stage.display.show(ClockScreen())
    assert (await stage.next_event(ScreenDrawn)).pages == 1
    assert (await stage.next_frame()).refresh is Refresh.FULL


async def test_within_the_minute_nothing_is_drawn(
    stage: Stage, eventually: Callable[..., Awaitable[None]]
) -> None:
    stage.clock.advance(timedelta(seconds=10))
    await eventually(lambda: stage.display.refreshes["skipped"] == 1)
    assert stage.panel.commands == [Refresh.FULL]


async def test_a_request_is_a_full_refresh_and_stays(stage: Stage) -> None:
    stage.display.show(MessageScreen("Hello"))
    shown = await stage.next_frame()
    assert shown.refresh is Refresh.FULL
    assert stage.panel.current() == picture_of(MessageScreen("Hello"), stage)


async def test_the_same_picture_again_is_skipped(
    stage: Stage, eventually: Callable[..., Awaitable[None]]
) -> None:
    stage.display.show(MessageScreen("Hello"))
    await stage.next_frame()
    stage.display.show(MessageScreen("Hello"))
    await eventually(lambda: stage.display.refreshes["skipped"] == 1)
    assert len(stage.panel.commands) == 2


async def test_of_many_requests_during_a_refresh_only_the_newest_is_drawn(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Event(), threading.Event()
    show = stage.panel.show

    def slow(frame: Frame, refresh: Refresh) -> None:
        began.set()
        assert go_on.wait(60)
        show(frame, refresh)

    monkeypatch.setattr(stage.panel, "show", slow)
    stage.display.show(MessageScreen("one"))
    assert await asyncio.to_thread(began.wait, 60)
    for text in ("two", "three", "four"):
        stage.display.show(MessageScreen(text))
    go_on.set()
    frames = [(await stage.next_frame()).frame for _ in range(2)]
    assert frames == [picture_of(MessageScreen(text), stage) for text in ("one", "four")]
    assert len(stage.panel.commands) == 3


async def test_a_request_that_cannot_be_drawn_shows_home(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.display.show(MessageScreen("Hello"))
    await stage.next_frame()
    stage.display.show(Hopeless())
    shown = await stage.next_frame()
    assert shown.frame == picture_of(ClockScreen(), stage)
    assert "Hopeless cannot be drawn" in caplog.text


async def test_a_clock_set_back_is_drawn_at_once(stage: Stage) -> None:
    stage.clock.advance(-timedelta(hours=3))
    shown = await stage.next_frame()
    assert shown.refresh is Refresh.FULL
    assert shown.frame == picture_of(ClockScreen(), stage)


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        (datetime(2026, 3, 29, 0, 58, tzinfo=UTC), ["01:59", "03:00", "03:01"]),
        (datetime(2026, 10, 25, 0, 58, tzinfo=UTC), ["02:59", "02:00", "02:01"]),
    ],
)
async def test_each_minute_around_daylight_saving_is_drawn_once(
    start: datetime, shown: list[str]
) -> None:
    zone = ZoneInfo("Europe/Stockholm")
    clock, hub, panel = ManualClock(start.astimezone(zone)), Hub(), MemoryPanel(264, 176)
    task = asyncio.create_task(Display(panel, clock, hub, ClockScreen()).run())
    times = []
    with hub.listen(kinds=(FrameShown,)) as listener:
        await anext(listener)
        for _ in shown:
            await clock.wait_for_sleeper()
            clock.advance(MINUTE)
            event = await anext(listener)
            assert isinstance(event, FrameShown)
            times.append(f"{event.at:%H:%M}")
    task.cancel()
    assert times == shown


async def test_who_sees_ghosts_has_all_of_the_glass_refreshed_once(stage: Stage) -> None:
    before = stage.panel.current()
    stage.display.wipe()
    wiped = await stage.next_frame()
    assert (wiped.frame, wiped.refresh) == (before, Refresh.FULL)
    stage.display.look_again()
    stage.clock.advance(MINUTE)
    assert (await stage.next_frame()).refresh is Refresh.PARTIAL


async def test_a_refresh_is_told_when_it_begins_and_when_it_ends(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    show, seen = stage.panel.show, []

    def look_and_show(frame: Frame, refresh: Refresh) -> None:
        seen.append(stage.display.refreshing)
        show(frame, refresh)

    monkeypatch.setattr(stage.panel, "show", look_and_show)
    stage.display.show(MessageScreen("Hello"))
    started = await stage.next_event(RefreshStarted)
    shown = await stage.next_frame()
    assert seen == [started]
    assert (started.refresh, started.at) == (Refresh.FULL, stage.clock.now())
    assert stage.display.refreshing is None
    assert stage.display.last_refresh == shown
    assert shown.seconds >= 0


async def test_what_somebody_else_drew_is_told_and_drawn_over(stage: Stage) -> None:
    black = Frame(264, 176, b"\xff" * 5808)
    stage.panel.show(black, Refresh.FULL)
    stage.display.look_again()
    found = await stage.next_frame()
    assert (found.frame, found.refresh, found.seconds) == (black, None, None)
    assert (await stage.next_frame()).frame == picture_of(ClockScreen(), stage)


class TestPanelTrouble:
    """The panel fails or goes, and comes back."""

    async def test_what_was_asked_for_meanwhile_is_shown_when_the_panel_is_back(
        self, stage: Stage
    ) -> None:
        stage.panel.vanish()
        stage.display.show(MessageScreen("Hello"))
        assert "vanish" in (await stage.next_change()).reason
        stage.panel.heal()
        shown = await stage.next_frame()
        assert shown.frame == picture_of(MessageScreen("Hello"), stage)
        assert (await stage.next_change()).reason is None
        assert stage.display.reason is None

    async def test_a_failed_refresh_is_never_reported_as_shown(self, stage: Stage) -> None:
        before = stage.display.frame
        stage.panel.fail("Panel broken")
        stage.display.show(MessageScreen("Hello"))
        assert (await stage.next_change()).reason == "the panel failed: Panel broken"
        assert stage.display.frame == before == stage.panel.current()

    async def test_each_refresh_that_fails_is_told_as_failed(self, stage: Stage) -> None:
        stage.panel.fail("Panel broken")
        stage.display.show(MessageScreen("Hello"))
        for _ in range(2):
            await stage.next_event(RefreshStarted)
            assert (await stage.next_change()).reason == "the panel failed: Panel broken"
            assert stage.display.refreshing is None
        assert stage.display.refreshes == {"full": 1}

    async def test_a_wrong_glass_is_told_as_it_is(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        show, black = stage.panel.show, Frame(264, 176, b"\xff" * 5808)

        def show_wrongly(frame: Frame, refresh: Refresh) -> None:
            monkeypatch.setattr(stage.panel, "show", show)
            show(black, refresh)

        monkeypatch.setattr(stage.panel, "show", show_wrongly)
        stage.display.show(MessageScreen("Hello"))
        assert "something else" in (await stage.next_change()).reason
        found = await stage.next_frame()
        assert (found.frame, found.refresh) == (black, None)
        assert (await stage.next_frame()).frame == picture_of(MessageScreen("Hello"), stage)

    async def test_after_trouble_the_next_refresh_is_full(self, stage: Stage) -> None:
        stage.panel.fail("DC Failed")
        stage.clock.advance(MINUTE)
        await stage.next_change()
        stage.panel.heal()
        assert (await stage.next_frame()).refresh is Refresh.FULL

    async def test_trouble_is_logged_once_and_its_end_once(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        stage.panel.vanish()
        stage.display.show(MessageScreen("Hello"))
        await stage.next_change()
        stage.display.show(MessageScreen("Hello again"))
        stage.panel.heal()
        await stage.next_change()
        levels = [record.levelname for record in caplog.records if "panel" in record.message]
        assert levels == ["WARNING", "INFO"]

    async def test_success_reported_by_a_driver_that_knows_of_an_error_is_a_failure(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stage.panel, "error", lambda: "Panel broken")
        stage.display.show(MessageScreen("Hello"))
        assert (await stage.next_change()).reason == "the panel failed: Panel broken"

    async def test_a_glass_that_shows_something_else_is_a_failure(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stage.panel, "current", lambda: Frame.white(264, 176))
        stage.display.show(MessageScreen("Hello"))
        assert "something else" in (await stage.next_change()).reason

    async def test_a_probe_finds_a_dead_driver_before_the_next_refresh(self, stage: Stage) -> None:
        assert await stage.display.probe() is None
        stage.panel.vanish()
        assert "vanish" in await stage.display.probe()

    async def test_a_panel_of_another_size_is_drawn_for_anew(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = MemoryPanel(200, 96)
        monkeypatch.setattr(stage.display, "_panel", other)
        stage.display.look_again()
        shown = await stage.next_frame()
        assert shown.frame.size == (200, 96)
