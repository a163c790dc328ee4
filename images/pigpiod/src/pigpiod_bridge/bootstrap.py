"""Puts the parts together: which lines, which sockets. The only place that builds."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pigpiod_bridge.bridge import Bridge
from pigpiod_bridge.clock import Clock, LoopClock
from pigpiod_bridge.control import SOCKET_PATH
from pigpiod_bridge.control_server import ControlServer
from pigpiod_bridge.gpiochip import LABELS, GpioChipLines, load_libgpiod, open_chip
from pigpiod_bridge.lines import Lines
from pigpiod_bridge.server import Server
from pigpiod_bridge.simulated import SimulatedLines

LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``serve`` is told: address, back end, the GPIO that clients may change.

    ``control`` is for simulated lines, ``chip_labels`` for those of a GPIO chip.
    """

    host: str = "127.0.0.1"
    port: int = 8888
    line: str = "simulated"
    permitted: frozenset[int] = field(default_factory=frozenset)
    control: Path = SOCKET_PATH
    chip_labels: tuple[str, ...] = LABELS


OpenLines = Callable[[Settings, Clock], AbstractAsyncContextManager[Lines]]


@asynccontextmanager
async def _simulated(settings: Settings, clock: Clock) -> AsyncIterator[Lines]:
    lines = SimulatedLines(clock)
    control = await ControlServer(lines, clock).start(settings.control)
    try:
        yield lines
    finally:
        control.close()
        settings.control.unlink(missing_ok=True)


@asynccontextmanager
async def _gpiochip(settings: Settings, clock: Clock) -> AsyncIterator[Lines]:
    if not settings.permitted:
        raise ValueError("a GPIO chip gives only the lines that are named: name some with --gpio")
    api = load_libgpiod()
    with closing(open_chip(api, settings.chip_labels)) as chip:
        LOG.info("GPIO chip %s, %s", chip.path, chip.get_info().label)
        loop = asyncio.get_running_loop()
        with closing(GpioChipLines(api, chip, settings.permitted, clock, loop)) as lines:
            yield lines


BACK_ENDS: Final[dict[str, OpenLines]] = {"simulated": _simulated, "gpiochip": _gpiochip}


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises:
        OSError: a socket cannot be made.
        RuntimeError: a part of the bridge failed; living on half dead would hide it.
    """
    stop = _Stop(asyncio.get_running_loop())
    clock = LoopClock(stop.loop)
    async with BACK_ENDS[settings.line](settings, clock) as lines:
        with closing(Bridge(lines, clock, settings.permitted)) as bridge:
            server = Server(bridge)
            await server.start(settings.host, settings.port)
            with closing(server):
                LOG.info("listening on %s:%d, %s", *server.address, _about(settings))
                await stop.wait()


def _about(settings: Settings) -> str:
    gpios = ", ".join(map(str, sorted(settings.permitted))) or "none"
    return f"{settings.line} lines, GPIO that clients may change: {gpios}"


class _Stop:
    """Ends ``wait`` when a signal says so, or when a callback of the loop failed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._stopped: asyncio.Future[None] = loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.set_exception_handler(self._failed)

    async def wait(self) -> None:
        await self._stopped

    def _stop(self) -> None:
        if not self._stopped.done():
            self._stopped.set_result(None)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        loop.default_exception_handler(context)
        # A failure in a connection ends that connection; a failure in a timer or in the lines
        # has nobody to end but the process.
        if "handle" in context and not self._stopped.done():
            self._stopped.set_exception(RuntimeError("a callback failed, see above"))
