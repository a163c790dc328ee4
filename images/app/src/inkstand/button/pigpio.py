"""The button behind a pigpiod: upstream's, or the bridge that comes with Inkstand."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkstand.button.base import OK, Reporter
from inkstand.button.gesture import Timing
from inkstand.button.wire import (
    ERRORS,
    MODE_INPUT,
    PULL_DOWN,
    PULL_UP,
    SEQUENCE,
    Answer,
    Command,
    Decoder,
    Report,
    Request,
)
from inkstand.errors import ButtonError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from inkstand.clock import Clock
    from inkstand.events import Hub

_CHUNK = 4096
# Of a server that is gone without a word the kernel finds out: within 10 s where another one has
# taken its place, within 25 s where nobody answers.
_KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


@dataclass(frozen=True, slots=True)
class PigpioSettings:
    """Where the button is, and how long to wait for what, in seconds.

    The button connects `gpio` with ground and the pull-up is switched on; with `pressed_high` it
    connects with 3.3 V, and the pull-down is. A level counts after `glitch_filter_us` microseconds.
    The server sends a sign of life after 60 s without a report, so one that is silent for `silence`
    is dead though its machine still answers.
    """

    host: str = "127.0.0.1"
    port: int = 8888
    gpio: int = 22
    pressed_high: bool = False
    glitch_filter_us: int = 10_000
    answer_within: float = 5.0
    silence: float = 75.0
    first_retry: float = 0.25
    last_retry: float = 4.0


class PigpioButton:
    """A button on a GPIO that a pigpiod watches; connects again whenever it has to."""

    def __init__(
        self,
        settings: PigpioSettings,
        clock: Clock,
        hub: Hub,
        timing: Timing = Timing(),  # noqa: B008 frozen
    ) -> None:
        self._settings = settings
        self._reporter = Reporter(clock, hub, timing, self._read_level)
        self._commands: _Connection | None = None

    @property
    def state(self) -> str:
        """`ok`, or one sentence that says why nobody can press it."""
        return self._reporter.state

    async def run(self) -> None:
        """Watch the button until cancelled."""
        try:
            await self._connect_for_ever()
        finally:
            self._reporter.stops()

    async def _connect_for_ever(self) -> None:
        delays = self._delays()
        while True:
            try:
                await self._session()
            except (OSError, UnicodeError) as error:  # the latter for a host that cannot be a name
                if self.state == OK:
                    delays = self._delays()
                self._reporter.fails(self._reason(error))
            await asyncio.sleep(next(delays))

    def _delays(self) -> Iterator[float]:
        first, last = self._settings.first_retry, self._settings.last_retry
        growing = (first * 2**count for count in range(8))
        return itertools.chain((min(delay, last) for delay in growing), itertools.repeat(last))

    def _reason(self, error: Exception) -> str:
        return f"pigpiod at {self._settings.host}:{self._settings.port}: {_in_words(error)}"

    async def _session(self) -> None:
        """Connect, and report what happens until the connection is lost, which is an OSError."""
        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(self._settings.answer_within):
                stream = await stack.enter_async_context(self._connect())
                commands = await stack.enter_async_context(self._connect())
                await self._set_up(commands, stream)
            self._commands = commands
            self._reporter.works()
            await self._follow(stream)

    @contextlib.asynccontextmanager
    async def _connect(self) -> AsyncIterator[_Connection]:
        host, port = self._settings.host, self._settings.port
        reader, writer = await asyncio.open_connection(host, port)
        try:
            _keep_alive(writer.get_extra_info("socket"))
            yield _Connection(reader, writer)
        finally:
            # Not awaited: a peer that is gone would keep us waiting.
            writer.transport.abort()

    async def _set_up(self, commands: _Connection, stream: _Connection) -> None:
        gpio = self._settings.gpio
        for request in (
            Request(Command.MODES, gpio, MODE_INPUT),
            Request(Command.PUD, gpio, PULL_DOWN if self._settings.pressed_high else PULL_UP),
            Request(Command.FG, gpio, self._settings.glitch_filter_us),
        ):
            await commands.ask(request)
        self._reporter.start_from(pressed=await self._ask_level(stream))
        handle = (await stream.ask(Request(Command.NOIB))).result
        await commands.ask(Request(Command.NB, handle, 1 << gpio))

    async def _read_level(self) -> bool:
        """Return whether the button is down now; raises OSError when that cannot be told."""
        if self._commands is None:
            raise ButtonError("there is no connection")
        async with asyncio.timeout(self._settings.answer_within):
            return await self._ask_level(self._commands)

    async def _ask_level(self, connection: _Connection) -> bool:
        levels = (await connection.ask(Request(Command.BR1))).unsigned
        return self._is_pressed(high=bool(levels >> self._settings.gpio & 1))

    def _is_pressed(self, *, high: bool) -> bool:
        return high is self._settings.pressed_high

    async def _follow(self, stream: _Connection) -> None:
        expected = 0
        while True:
            async with asyncio.timeout(self._settings.silence):
                report = await stream.report()
            self._take(report, in_order=report.seqno == expected)
            expected = (report.seqno + 1) % SEQUENCE

    def _take(self, report: Report, *, in_order: bool) -> None:
        pressed = self._is_pressed(high=report.is_high(self._settings.gpio))
        if not in_order:
            self._reporter.start_from(pressed=pressed)
        elif report.is_change:
            self._reporter.edge(report.tick, pressed=pressed)


class _Connection:
    """One connection to a pigpiod; all its errors are OSErrors."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = Decoder()
        self._items: Iterator[Answer | Report] = iter(())

    async def ask(self, request: Request) -> Answer:
        """Return the answer to `request`; to be used before any report can come."""
        self._decoder.expect(request)
        self._writer.write(request.encode())
        answer = await self._next()
        if not isinstance(answer, Answer):
            raise ButtonError("what answers there does not speak its protocol")
        if answer.result < 0 and request.command is not Command.BR1:
            reason = ERRORS.get(answer.result, "it failed")
            raise ButtonError(
                f"it refuses {request.command.name} {request.p1}: {reason} ({answer.result})"
            )
        return answer

    async def report(self) -> Report:
        """Return the next report."""
        report = await self._next()
        if not isinstance(report, Report):
            raise ButtonError("it answers what it was not asked")
        return report

    async def _next(self) -> Answer | Report:
        while (item := next(self._items, None)) is None:
            data = await self._reader.read(_CHUNK)
            if not data:
                raise ButtonError("it closed the connection")
            self._items = iter(self._decoder.feed(data))
        return item


def _in_words(error: Exception) -> str:
    if isinstance(error, TimeoutError) and not error.args:
        return "it does not answer"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return str(getattr(error, "strerror", None) or error)


def _keep_alive(connection: socket.socket) -> None:
    for level, option, value in _KEEP_ALIVE:
        connection.setsockopt(level, option, value)
