"""One order at a time, and rest when nobody orders."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import trio
import trio.testing

from epdfuse import service
from epdfuse.fuse.turns import STUCK_AFTER, ClosedError, Turns
from epdfuse.panel.commands import Command, Operator, Order
from epdfuse.panel.glass import GlassStore
from epdfuse.panel.spec import DcFailedError, PanelSpec
from epdfuse.simulator.memory import MemoryPanel

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

IDLE_S = 60.0


class GatedPanel(MemoryPanel):
    """A panel whose updates wait until the test lets them finish."""

    def __init__(self, spec: PanelSpec) -> None:
        super().__init__(spec)
        self.running = 0
        self.most_at_once = 0
        self.gate: Callable[[], object] = lambda: None
        self.on_power_off: Callable[[], object] = lambda: None

    def update(self, old: bytes | None, new: bytes) -> None:
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        self.gate()
        super().update(old, new)
        self.running -= 1

    def power_off(self) -> None:
        super().power_off()
        self.on_power_off()


@pytest.fixture
def panel(spec: PanelSpec) -> GatedPanel:
    return GatedPanel(spec)


@pytest.fixture
def turns(panel: GatedPanel, tmp_path: Path) -> Turns:
    return Turns(Operator(panel, GlassStore(tmp_path, tmp_path, panel.spec.description)), IDLE_S)


def order(frame: bytes, command: Command = Command.UPDATE) -> Order:
    return Order(command, frame, 25, None)


def test_orders_reach_the_panel_one_by_one_in_their_order(
    turns: Turns, panel: GatedPanel, spec: PanelSpec
) -> None:
    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            for level in range(5):
                nursery.start_soon(turns.run, order(bytes([level]) * spec.frame_bytes))
                await trio.testing.wait_all_tasks_blocked()

    trio.run(scenario)
    assert panel.most_at_once == 1
    assert panel.glass == b"\x04" * spec.frame_bytes


def test_a_failure_reaches_the_one_who_ordered(turns: Turns, panel: GatedPanel) -> None:
    panel.failure = DcFailedError("told so")
    with pytest.raises(DcFailedError):
        trio.run(turns.run, order(panel.spec.white))


def test_closing_waits_for_the_running_order_and_refuses_the_waiting(
    turns: Turns, panel: GatedPanel, new: bytes
) -> None:
    async def scenario() -> None:
        drawing, finish = trio.Event(), trio.Event()

        def gate() -> None:
            trio.from_thread.run_sync(drawing.set)
            trio.from_thread.run(finish.wait)

        async def refused() -> None:
            with pytest.raises(ClosedError):
                await turns.run(order(panel.spec.white))

        panel.gate = gate
        async with trio.open_nursery() as nursery:
            nursery.start_soon(turns.run, order(new))
            await drawing.wait()
            nursery.start_soon(refused)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(turns.close)
            await trio.testing.wait_all_tasks_blocked()
            assert panel.running == 1
            finish.set()

    trio.run(scenario)
    assert panel.glass == new


async def _rests_after(turns: Turns, panel: GatedPanel, pauses: tuple[float, ...]) -> float:
    """Partial updates with pauses between; seconds from the last one to the power-off."""
    rested = trio.Event()
    panel.on_power_off = lambda: trio.from_thread.run_sync(rested.set)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.rest_when_idle)
        await trio.testing.wait_all_tasks_blocked()
        await turns.run(order(panel.spec.white))
        for pause in pauses:
            await trio.sleep(pause)
            assert not rested.is_set()
            await turns.run(order(panel.spec.white, Command.PARTIAL))
        last = trio.current_time()
        await rested.wait()
        nursery.cancel_scope.cancel()
    return trio.current_time() - last


@pytest.mark.parametrize("pauses", [(0,), (0, IDLE_S - 1, IDLE_S - 1)])
def test_a_controller_left_powered_is_powered_off_after_the_idle_time(
    turns: Turns, panel: GatedPanel, pauses: tuple[float, ...]
) -> None:
    clock = trio.testing.MockClock(autojump_threshold=0.01)
    assert trio.run(_rests_after, turns, panel, pauses, clock=clock) == pytest.approx(IDLE_S)


REST_S = 30.0


async def _done_after(turns: Turns, first: Order, second: Order) -> float:
    """Seconds from the end of one order to the end of the next, given at once."""
    await turns.run(first)
    began = trio.current_time()
    await turns.run(second)
    return trio.current_time() - began


@pytest.fixture
def resting_turns(panel: GatedPanel, tmp_path: Path) -> Turns:
    operator = Operator(panel, GlassStore(tmp_path, tmp_path, panel.spec.description))
    return Turns(operator, IDLE_S, full_interval=REST_S)


@pytest.mark.parametrize(
    ("command", "rest"),
    [(Command.UPDATE, REST_S), (Command.CLEAR, REST_S), (Command.PARTIAL, 0)],
)
def test_a_full_update_waits_for_the_rest_of_the_glass_and_a_partial_one_does_not(
    resting_turns: Turns, new: bytes, command: Command, rest: float
) -> None:
    clock = trio.testing.MockClock(autojump_threshold=0.01)
    orders = (order(new), order(new, command))
    assert trio.run(_done_after, resting_turns, *orders, clock=clock) == pytest.approx(rest)


def test_the_controller_has_no_power_while_an_update_waits(
    resting_turns: Turns, panel: GatedPanel, new: bytes
) -> None:
    async def scenario() -> None:
        await resting_turns.run(order(new))
        await resting_turns.run(order(panel.spec.white, Command.PARTIAL))
        assert panel.powered
        async with trio.open_nursery() as nursery:
            off = trio.Event()
            panel.on_power_off = lambda: trio.from_thread.run_sync(off.set)
            nursery.start_soon(resting_turns.run, order(new))
            await off.wait()
            assert panel.glass == panel.spec.white
            nursery.cancel_scope.cancel()

    trio.run(scenario)


def test_closing_refuses_an_update_that_waits_for_the_glass(
    resting_turns: Turns, new: bytes
) -> None:
    async def refused() -> None:
        with pytest.raises(ClosedError):
            await resting_turns.run(order(new))

    async def scenario() -> None:
        await resting_turns.run(order(new))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(refused)
            await trio.testing.wait_all_tasks_blocked()
            await resting_turns.close()

    trio.run(scenario)


def test_an_order_that_takes_longer_than_any_is_called_stuck(
    turns: Turns, panel: GatedPanel
) -> None:
    finish = threading.Event()
    panel.gate = finish.wait

    async def scenario(clock: trio.testing.MockClock) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(turns.run, order(panel.spec.white))
            await trio.testing.wait_all_tasks_blocked()
            stuck.append(turns.stuck)
            clock.jump(STUCK_AFTER + 1)
            stuck.append(turns.stuck)
            finish.set()
        stuck.append(turns.stuck)

    stuck: list[bool] = []
    clock = trio.testing.MockClock()
    trio.run(scenario, clock, clock=clock)
    assert stuck == [False, True, False]


def test_the_watchdog_is_fed_unless_the_panel_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(service, "notify", said.append)
    monkeypatch.setenv("WATCHDOG_USEC", "10000000")
    turns: Any = SimpleNamespace(stuck=False)
    counts: list[int] = []

    async def scenario(clock: trio.testing.MockClock) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(service._show_signs_of_life, turns)
            for stuck in (False, True, True, False):
                turns.stuck = stuck
                clock.jump(5)
                await trio.testing.wait_all_tasks_blocked()
                counts.append(len(said))
            nursery.cancel_scope.cancel()

    clock = trio.testing.MockClock()
    trio.run(scenario, clock, clock=clock)
    assert counts == [1, 1, 1, 2]
    assert set(said) == {"WATCHDOG=1"}
