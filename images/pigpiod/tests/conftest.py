"""A bridge in memory, the same behind real sockets, and the real process."""

import asyncio
import importlib.util
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from pigpiod_bridge.bridge import Bridge
from pigpiod_bridge.clock import ManualClock
from pigpiod_bridge.commands import Session
from pigpiod_bridge.control import Order, ask
from pigpiod_bridge.server import Limits, Server
from pigpiod_bridge.simulated import SimulatedLines
from pigpiod_bridge.wire import Report, Request, decode_answer, encode_answer


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(100_000)


@pytest.fixture
def lines(clock: ManualClock) -> SimulatedLines:
    return SimulatedLines(clock)


@pytest.fixture
def bridge(lines: SimulatedLines, clock: ManualClock) -> Iterator[Bridge]:
    bridge = Bridge(lines, clock, permitted={22})
    yield bridge
    bridge.close()


@pytest.fixture(scope="session")
def fake_libgpiod() -> ModuleType:
    """The module ``fake_libgpiod.py``; test modules cannot import one another."""
    path = Path(__file__).with_name("fake_libgpiod.py")
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    # A dataclass looks its module up while it is made.
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


class Client:
    """A session without a socket: answers as signed numbers, reports in a list."""

    def __init__(self, bridge: Bridge) -> None:
        self.reports: list[Report] = []
        self.session = Session(bridge, lambda data: self.reports.append(Report.decode(data)))

    def ask(self, command: int, p1: int = 0, p2: int = 0, extension: bytes = b"") -> int:
        request = Request(command, p1, p2, extension)
        result = decode_answer(encode_answer(request, self.session.answer(request)))[3]
        return result - (1 << 32) if result >> 31 else result

    def seen(self) -> list[tuple[int, int, int]]:
        """What has been reported: flags, tick, level of GPIO 22."""
        return [(r.flags, r.tick, r.levels >> 22 & 1) for r in self.reports]


@pytest.fixture
def new_client(bridge: Bridge) -> Callable[[], Client]:
    return lambda: Client(bridge)


@pytest.fixture
def client(new_client: Callable[[], Client]) -> Client:
    return new_client()


@pytest.fixture
def limits() -> Limits:
    """Tests ask for other limits by overriding this."""
    return Limits()


@pytest.fixture
async def server(bridge: Bridge, limits: Limits) -> AsyncIterator[Server]:
    server = Server(bridge, limits)
    await server.start("127.0.0.1", 0)
    yield server
    server.close()


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def connect(server: Server) -> AsyncIterator[Callable[..., Awaitable[Streams]]]:
    """Connects to the server; keyword arguments as for ``asyncio.open_connection``."""
    async with AsyncExitStack() as stack:

        async def close(writer: asyncio.StreamWriter) -> None:
            writer.transport.abort()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)

        async def connect(**options: object) -> Streams:
            address = () if "sock" in options else server.address
            reader, writer = await asyncio.open_connection(*address, **options)  # type: ignore[arg-type]
            stack.push_async_callback(close, writer)
            return reader, writer

        yield connect


@dataclass
class Process:
    """A bridge as users run it."""

    popen: subprocess.Popen[str]
    port: int
    control: Path

    def order(self, order: Order) -> int:
        return ask(self.control, order)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "pigpiod_bridge", *arguments]


@contextmanager
def running(control: Path, *arguments: str) -> Iterator[Process]:
    line = command("serve", "--listen", "127.0.0.1:0", "--control", str(control), *arguments)
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as popen:
        try:
            assert popen.stderr is not None
            said = popen.stderr.readline()
            assert "listening on 127.0.0.1:" in said
            yield Process(popen, int(said.split(":")[1].split(",")[0]), control)
        finally:
            popen.terminate()


@pytest.fixture(autouse=True)
def _source_for_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(__file__).parents[1] / "src"
    monkeypatch.setenv("PYTHONPATH", str(source))


@pytest.fixture
def run() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs ``pigpiod-bridge`` with the given arguments to its end."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = command(*arguments)
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """A running ``pigpiod-bridge serve --gpio 22``."""
    with running(tmp_path / "run" / "control.sock", "--gpio", "22") as process:
        yield process
