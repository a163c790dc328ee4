"""Who is told about which GPIO, and when: report streams, filters and watchdogs of GPIO 0 to 31.

No sockets and no timers: it is told edges and the time, says when it wants to be told the time
again, and hands encoded reports to each stream's ``send``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pigpiod_bridge.filters import GlitchFilter, NoiseFilter
from pigpiod_bridge.lines import REPORTED_COUNT
from pigpiod_bridge.wire import FLAG_KEEP_ALIVE, FLAG_WATCHDOG, Report

HANDLE_COUNT: Final = 32
KEEP_ALIVE: Final = 60_000_000

Send = Callable[[bytes], None]


@dataclass(slots=True, eq=False)
class Stream:
    """One report stream: the GPIO it wants (bit n for GPIO n) and where its reports go."""

    send: Send
    mask: int = 0
    begun: bool = False
    _seqno: int = 0
    _last: int = 0

    def begin(self, mask: int, now: int) -> None:
        """Sends reports of ``mask`` from now on; keep-alives count from the first time."""
        if not self.begun:
            self.begun, self._last = True, now
        self.mask = mask

    def report(self, flags: int, at: int, levels: int) -> None:
        """Sends one report."""
        self.send(Report(self._seqno, flags, at, levels).encode())
        self._seqno, self._last = self._seqno + 1, at

    def keep_alive_due(self) -> int | None:
        """Returns when a keep-alive is due, None before the stream has begun."""
        return self._last + KEEP_ALIVE if self.begun else None


@dataclass(slots=True)
class Watchdog:
    """Barks when nothing changed for ``timeout`` µs, and again after as long; 0 never does."""

    timeout: int = 0
    since: int = 0

    def due(self) -> int | None:
        """Returns when it barks next."""
        return self.since + self.timeout if self.timeout else None

    def bark(self, now: int) -> None:
        """Counts on from the last time it should have barked."""
        self.since = now - (now - self.since) % self.timeout


@dataclass(slots=True)
class Channel:
    """The way of one GPIO from raw edges to reports."""

    glitch: GlitchFilter
    noise: NoiseFilter = field(default_factory=NoiseFilter)
    watchdog: Watchdog = field(default_factory=Watchdog)


class Monitor:
    """Report streams over the levels of GPIO 0 to 31, which start as ``levels``."""

    def __init__(self, levels: int) -> None:
        self._levels = levels
        self._channels = [
            Channel(GlitchFilter(level=levels >> gpio & 1)) for gpio in range(REPORTED_COUNT)
        ]
        self._streams: list[Stream | None] = [None] * HANDLE_COUNT

    def open(self, send: Send) -> int | None:
        """Returns the lowest free handle, taken from now on; None when all are used."""
        handle = next((n for n, stream in enumerate(self._streams) if stream is None), None)
        if handle is not None:
            self._streams[handle] = Stream(send)
        return handle

    def stream(self, handle: int) -> Stream | None:
        """Returns the stream of an open handle."""
        return self._streams[handle] if 0 <= handle < HANDLE_COUNT else None

    def close(self, stream: Stream) -> None:
        """Frees the stream's handle, if it still has it."""
        self._streams = [None if other is stream else other for other in self._streams]

    def set_glitch_filter(self, gpio: int, steady: int, now: int) -> None:
        """Reports a level once it was stable for ``steady`` µs."""
        self._channels[gpio].glitch.restart(steady, now)

    def set_noise_filter(self, gpio: int, steady: int, active: int, now: int) -> None:
        """Reports changes for ``active`` µs after ``steady`` µs of quiet."""
        channel = self._channels[gpio]
        channel.noise = NoiseFilter(steady, active, quiet_since=now)
        self._show(gpio, channel.glitch.level, now)

    def set_watchdog(self, gpio: int, timeout: int, now: int) -> None:
        """Reports when nothing changed for ``timeout`` µs."""
        self._channels[gpio].watchdog = Watchdog(timeout, now)

    def edge(self, gpio: int, level: int, at: int) -> None:
        """Takes a raw change of one GPIO; what was due before it comes first."""
        self._settle(at)
        self._channels[gpio].glitch.edge(level, at)
        self._settle(at)

    def advance(self, now: int) -> None:
        """Sends what has fallen due: changes, then watchdogs, then keep-alives."""
        self._settle(now)
        self._bark(now)
        self._keep_alive(now)

    def next_due(self) -> int | None:
        """Returns when ``advance`` is to be called next; None while nothing can fall due."""
        return min(self._dues(), default=None)

    def _dues(self) -> Iterator[int]:
        yield from (due for due, _ in self._settling())
        wanted = self._wanted()
        yield from (due for gpio, due in self._barking() if wanted >> gpio & 1)
        yield from (due for stream in self._open() if (due := stream.keep_alive_due()) is not None)

    def _open(self) -> list[Stream]:
        return [stream for stream in self._streams if stream is not None]

    def _wanted(self) -> int:
        wanted = 0
        for stream in self._open():
            wanted |= stream.mask
        return wanted

    def _settling(self) -> list[tuple[int, int]]:
        dues = ((channel.glitch.due(), gpio) for gpio, channel in enumerate(self._channels))
        return sorted((due, gpio) for due, gpio in dues if due is not None)

    def _barking(self) -> list[tuple[int, int]]:
        dues = ((gpio, channel.watchdog.due()) for gpio, channel in enumerate(self._channels))
        return [(gpio, due) for gpio, due in dues if due is not None]

    def _settle(self, now: int) -> None:
        for due, gpio in self._settling():
            if due <= now:
                self._let_through(gpio, due)

    def _let_through(self, gpio: int, at: int) -> None:
        channel = self._channels[gpio]
        level = channel.glitch.settle()
        if channel.noise.passes(at):
            self._show(gpio, level, at)

    def _show(self, gpio: int, level: int, at: int) -> None:
        if self._levels >> gpio & 1 == level:
            return
        self._levels ^= 1 << gpio
        self._channels[gpio].watchdog.since = at
        self._tell(gpio, 0, at)

    def _tell(self, gpio: int, flags: int, at: int) -> None:
        for stream in self._open():
            if stream.mask >> gpio & 1:
                stream.report(flags, at, self._levels)

    def _bark(self, now: int) -> None:
        for gpio, due in self._barking():
            if due <= now:
                self._channels[gpio].watchdog.bark(now)
                self._tell(gpio, FLAG_WATCHDOG | gpio, now)

    def _keep_alive(self, now: int) -> None:
        for stream in self._open():
            due = stream.keep_alive_due()
            if due is not None and due <= now:
                stream.report(FLAG_KEEP_ALIVE, now, self._levels)
