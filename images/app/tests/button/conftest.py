"""Servers to try a button against: the real bridge, and one that does what a test wants."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import struct
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from inkstand.button import Button, MemoryButton, PigpioButton, PigpioSettings, Timing
from inkstand.clock import ManualClock
from inkstand.events import ButtonChanged, ButtonPressed, Gesture, Hub, Listener

BRIDGE = Path(__file__).parents[3] / "pigpiod" / "src"
# Under an emulator everything takes longer.
PATIENCE = float(os.environ.get("INKSTAND_TEST_PATIENCE", "60"))
GPIO = 22
ALL_HIGH = 0x0FFF_FFFF
NEITHER = Timing()
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

Press = Callable[[float, int], Awaitable[None]]
Act = Callable[[], Awaitable[None]]


@dataclass
class Rig:
    """A button that runs, a finger to press it with, and what it tells the hub."""

    button: Button
    listener: Listener
    press: Press
    lose: Act
    bring_back: Act
    task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Let the button run."""
        self.task = asyncio.create_task(self.button.run())

    async def stop(self) -> None:
        """Cancel the button, and wait until it has ended."""
        if self.task is not None:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task
            self.task = None

    async def next_event(self) -> Any:
        """Return what the hub was told next."""
        async with asyncio.timeout(PATIENCE):
            return await anext(self.listener)

    async def next_gesture(self) -> Gesture:
        """Return the next gesture; any other event before it is an error."""
        event = await self.next_event()
        assert isinstance(event, ButtonPressed), event
        assert event.at == NOW
        return event.gesture

    async def next_change(self) -> str | None:
        """Return the reason of the next change of state; any other event is an error."""
        event = await self.next_event()
        assert isinstance(event, ButtonChanged), event
        return event.reason


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@dataclass
class StandIn:
    """A pigpiod that speaks the bytes of the worked example, and misbehaves on demand.

    `received` holds the requests in hex. `refuse` answers that command with an error, `mute`
    answers nothing, `trickle` sends byte by byte, `held` has the button down,
    which is a low level unless `pressed_high`.
    """

    received: list[str] = field(default_factory=list)
    refuse: tuple[int, int] | None = None
    mute: bool = False
    trickle: bool = False
    held: bool = False
    pressed_high: bool = False
    greeting: bytes = b""
    port: int = 0
    connections: int = 0
    watched: asyncio.Event = field(default_factory=asyncio.Event)
    seqno: int = 0
    tick: int = 0xFFFF_0000
    _server: asyncio.Server | None = None
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _stream: asyncio.StreamWriter | None = None

    @property
    def levels(self) -> int:
        return ALL_HIGH if self.held is self.pressed_high else ALL_HIGH & ~(1 << GPIO)

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything; the port stays free for the next start."""
        if self._server is not None:
            self._server.close()
            self.hang_up()
            await self._server.wait_closed()
            self._server = None

    def hang_up(self) -> None:
        """Close the connections and go on listening."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        self.watched.clear()

    async def change(self, *, held: bool, after_us: int = 50_000) -> None:
        """Move the button and report it."""
        self.held, self.tick = held, (self.tick + after_us) & 0xFFFF_FFFF
        await self.report()

    async def report(self, flags: int = 0) -> None:
        """Send one report."""
        assert self._stream is not None
        data = struct.pack("<2H2I", self.seqno & 0xFFFF, flags, self.tick, self.levels)
        self.seqno += 1
        await self._send(self._stream, data)

    async def press(self, hold: float, times: int) -> None:
        """Press the button, if anybody watches."""
        with contextlib.suppress(ConnectionError):
            for _ in range(times if self.watched.is_set() else 0):
                await self.change(held=True)
                await self.change(held=False, after_us=int(hold * 1e6))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            writer.write(self.greeting)
            while True:
                await self._answer(await reader.readexactly(16), writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if writer is self._stream:
                self.watched.clear()
            writer.transport.abort()

    async def _answer(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        self.received.append(request.hex())
        command, p1, p2, _ = struct.unpack("<4I", request)
        if self.mute:
            return
        result = self.levels if command == 10 else 0
        if self.refuse and self.refuse[0] == command:
            result = self.refuse[1] & 0xFFFF_FFFF
        if command == 99:
            self._stream, self.seqno = writer, 0
        await self._send(writer, struct.pack("<4I", command, p1, p2, result))
        if command == 19:
            self.watched.set()

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        chunks = [bytes([byte]) for byte in data] if self.trickle else [data]
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0)


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    server = StandIn()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def pigpio_rig(
    stand_in: StandIn, clock: ManualClock, hub: Hub
) -> AsyncIterator[Callable[..., Rig]]:
    """Make a rig on the stand-in; keywords change the settings."""
    rigs: list[Rig] = []
    with hub.listen(1000) as listener:

        def make(timing: Timing = NEITHER, **changes: Any) -> Rig:
            values = {"port": stand_in.port, "first_retry": 0.01, "last_retry": 0.05, **changes}
            button = PigpioButton(PigpioSettings(**values), clock, hub, timing)
            rig = Rig(button, listener, stand_in.press, stand_in.stop, stand_in.start)
            rigs.append(rig)
            return rig

        yield make
        for rig in rigs:
            await rig.stop()


class Bridge:
    """The bridge of this repository, as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._control = folder / "control.sock"
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0

    async def start(self) -> None:
        """Return when it listens, on the same port as before if there was one."""
        self._process = await self._run(
            "serve", "--listen", f"127.0.0.1:{self.port}", "--gpio", str(GPIO)
        )
        self.port = await self._listening()

    async def stop(self) -> None:
        """Kill it, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            await self._process.communicate()
            self._process = None
            self._control.unlink(missing_ok=True)

    async def press(self, hold: float, times: int) -> None:
        """Press once, or twice quickly, as `docker exec inkstand-pigpiod press 22` does."""
        double = ["--double"] if times > 1 else []
        process = await self._run("press", str(GPIO), "--for", str(hold), *double)
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()

    async def _run(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "pigpiod_bridge",
            *arguments,
            "--control",
            str(self._control),
            env={**os.environ, "PYTHONPATH": str(BRIDGE), "PYTHONUNBUFFERED": "1"},
            stderr=asyncio.subprocess.PIPE,
        )

    async def _listening(self) -> int:
        assert self._process is not None
        assert self._process.stderr is not None
        said = b""
        async with asyncio.timeout(PATIENCE):
            while not (match := re.search(rb"listening on 127\.0\.0\.1:(\d+)", said)):
                line = await self._process.stderr.readline()
                assert line, f"the bridge ended: {said.decode()}"
                said += line
        return int(match[1])


@contextlib.asynccontextmanager
async def _bridge() -> AsyncIterator[Bridge]:
    if not (BRIDGE / "pigpiod_bridge").is_dir():
        pytest.skip("the bridge's source, images/pigpiod, is not beside images/app here")
    # Not below tmp_path: the path of a socket may have 107 characters only.
    with tempfile.TemporaryDirectory(prefix="bridge-") as folder:
        bridge = Bridge(Path(folder))
        await bridge.start()
        try:
            yield bridge
        finally:
            await bridge.stop()


@pytest.fixture(params=["memory", "stand-in", "bridge"])
async def make_rig(
    request: pytest.FixtureRequest, clock: ManualClock, hub: Hub
) -> AsyncIterator[Callable[..., Rig]]:
    """Make a rig of every kind of button there is."""
    async with contextlib.AsyncExitStack() as stack:
        listener = stack.enter_context(hub.listen(1000))
        server: StandIn | Bridge | None = None
        if request.param == "stand-in":
            server = StandIn()
            await server.start()
            stack.push_async_callback(server.stop)
        elif request.param == "bridge":
            server = await stack.enter_async_context(_bridge())

        def make(timing: Timing = NEITHER) -> Rig:
            if server is None:
                rig = _rig_of_memory(MemoryButton(clock, hub, timing), listener)
            else:
                settings = PigpioSettings(port=server.port, first_retry=0.01, last_retry=0.05)
                button = PigpioButton(settings, clock, hub, timing)
                rig = Rig(button, listener, server.press, server.stop, server.start)
            stack.push_async_callback(rig.stop)
            return rig

        yield make


def _rig_of_memory(button: MemoryButton, listener: Listener) -> Rig:
    async def press(hold: float, times: int) -> None:
        button.press(hold, times)

    async def lose() -> None:
        button.fail("it was taken away")

    async def bring_back() -> None:
        button.heal()

    return Rig(button, listener, press, lose, bring_back)
