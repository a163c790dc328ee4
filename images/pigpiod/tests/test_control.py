"""The control socket of simulated lines."""

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pigpiod_bridge.clock import LoopClock
from pigpiod_bridge.control import ControlError, Level, Order, ask, check, decode, encode
from pigpiod_bridge.control_server import ControlServer
from pigpiod_bridge.press import Press
from pigpiod_bridge.simulated import SimulatedLines


@pytest.fixture
async def loop_lines() -> SimulatedLines:
    return SimulatedLines(LoopClock(asyncio.get_running_loop()))


@pytest.fixture
async def path(tmp_path: Path, loop_lines: SimulatedLines) -> AsyncIterator[Path]:
    path = tmp_path / "new" / "control.sock"
    clock = LoopClock(asyncio.get_running_loop())
    server = await ControlServer(loop_lines, clock).start(path)
    yield path
    server.close()


@pytest.mark.unit
@pytest.mark.parametrize("order", [Press(22), Press(0, 1.5, 2, bounce=True), Level(53, "high")])
def test_orders_survive_the_wire(order: Order) -> None:
    assert decode(encode(order)) == order


@pytest.mark.unit
@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"press 22",
        b"[]",
        b"{}",
        b"\xff",
        b'{"do": "explode", "gpio": 22}',
        b'{"do": ["press"], "gpio": 22}',
        b'{"do": "press"}',
        b'{"do": "press", "gpio": 22, "force": 9}',
    ],
)
def test_what_is_no_order_is_quoted(line: bytes) -> None:
    with pytest.raises(ControlError, match="not an order"):
        decode(line)


@pytest.mark.unit
@pytest.mark.parametrize(
    "order",
    [
        Press(54),
        Press(-1),
        Press(True),
        Press("22"),  # type: ignore[arg-type]
        Press(22, hold=0),
        Press(22, hold=float("nan")),
        Press(22, hold=61),
        Press(22, times=0),
        Press(22, times=3),
        Press(22, bounce=1),  # type: ignore[arg-type]
        Level(54),
        Level(22, "up"),
    ],
)
def test_orders_that_no_line_can_carry_out_are_refused(order: Order) -> None:
    with pytest.raises(ControlError):
        check(order)


@pytest.mark.integration
async def test_levels_are_told_and_set(path: Path, loop_lines: SimulatedLines) -> None:
    assert await asyncio.to_thread(ask, path, Level(22)) == 1
    assert await asyncio.to_thread(ask, path, Level(22, "low")) == 0
    assert loop_lines.read(22) == 0
    assert await asyncio.to_thread(ask, path, Level(22, "release")) == 1


@pytest.mark.integration
async def test_a_press_is_answered_when_the_button_is_released(
    path: Path, loop_lines: SimulatedLines
) -> None:
    levels: list[int] = []
    loop_lines.subscribe(lambda edge: levels.append(edge.level))
    assert await asyncio.to_thread(ask, path, Press(22, 0.02)) == 1
    assert levels == [0, 1]


@pytest.mark.integration
async def test_a_refusal_comes_back_as_a_sentence(path: Path, loop_lines: SimulatedLines) -> None:
    loop_lines.write(22, 1)
    with pytest.raises(ControlError, match="that would short it"):
        await asyncio.to_thread(ask, path, Level(22, "low"))


@pytest.mark.integration
@pytest.mark.parametrize("line", [b"\n", b"x" * 5_000 + b"\n", b'{"do": "press", "gpio": 99}\n'])
async def test_bad_lines_get_an_error_and_harm_nobody(path: Path, line: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    assert b'"error"' in await reader.read()
    writer.close()
    await writer.wait_closed()
    assert await asyncio.to_thread(ask, path, Level(22)) == 1


@pytest.mark.integration
async def test_only_the_own_user_can_open_the_socket(path: Path) -> None:
    modes = [stat.S_IMODE(os.lstat(place).st_mode) for place in (path, path.parent)]
    assert modes == [0o600, 0o700]


@pytest.mark.integration
async def test_a_socket_in_use_is_not_taken_over(path: Path, loop_lines: SimulatedLines) -> None:
    other = ControlServer(loop_lines, LoopClock(asyncio.get_running_loop()))
    with pytest.raises(OSError, match="another bridge has it"):
        await other.start(path)
    assert await asyncio.to_thread(ask, path, Level(22)) == 1


@pytest.mark.integration
async def test_a_socket_left_by_a_killed_bridge_is_replaced(
    tmp_path: Path, loop_lines: SimulatedLines
) -> None:
    path = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    server = await ControlServer(loop_lines, LoopClock(asyncio.get_running_loop())).start(path)
    assert await asyncio.to_thread(ask, path, Level(22)) == 1
    server.close()
