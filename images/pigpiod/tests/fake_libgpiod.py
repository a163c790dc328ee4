"""libgpiod 2's Python module in memory, as far as the bridge uses it, and a kernel behind it.

It refuses what the kernel refuses, tells edges through a real file descriptor, and stamps and
debounces them by the clock it is given. What it proves is that the bridge keeps to the rules that
are written down here; that a kernel has the same rules, only a kernel can prove.
``test_gpiochip.py`` compares its names and parameters with the real module where that is installed.
"""

import errno
import os
import select
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pigpiod_bridge.clock import ManualClock, Timer
from pigpiod_bridge.lines import Edge as Change
from pigpiod_bridge.lines import Mode, Pull
from pigpiod_bridge.simulated import SimulatedLines


class Value(Enum):
    INACTIVE = 0
    ACTIVE = 1


Direction = Enum("Direction", ["AS_IS", "INPUT", "OUTPUT"])
Bias = Enum("Bias", ["AS_IS", "UNKNOWN", "DISABLED", "PULL_UP", "PULL_DOWN"])
Edge = Enum("Edge", ["NONE", "RISING", "FALLING", "BOTH"])
Clock = Enum("Clock", ["MONOTONIC", "REALTIME", "HTE"])

PULLS = {Bias.DISABLED: Pull.OFF, Bias.PULL_UP: Pull.UP, Bias.PULL_DOWN: Pull.DOWN}


class RequestReleasedError(Exception):
    pass


class ChipClosedError(Exception):
    pass


@dataclass
class LineSettings:
    direction: Direction = Direction.AS_IS
    edge_detection: Edge = Edge.NONE
    bias: Bias = Bias.AS_IS
    debounce_period: timedelta = timedelta()
    event_clock: Clock = Clock.MONOTONIC
    output_value: Value = Value.INACTIVE

    def check(self) -> None:
        """Refuses what the kernel's ``gpio_v2_line_config`` may not say."""
        if self.direction is not Direction.INPUT and (
            self.edge_detection is not Edge.NONE or self.debounce_period
        ):
            raise OSError(errno.EINVAL, "Invalid argument")
        if self.direction is Direction.AS_IS and self.bias is not Bias.AS_IS:
            raise OSError(errno.EINVAL, "Invalid argument")


@dataclass(frozen=True)
class EdgeEvent:
    class Type(Enum):  # noqa: D106
        RISING_EDGE = 1
        FALLING_EDGE = 2

    event_type: Type
    timestamp_ns: int
    line_offset: int


class Watcher:
    """What asyncio's loop is to the bridge; ``poll`` is one turn of it."""

    def __init__(self) -> None:
        self._callbacks: dict[int, Callable[[], None]] = {}

    def add_reader(self, fd: int, callback: Callable[[], None], /) -> None:
        self._callbacks[fd] = callback

    def remove_reader(self, fd: int, /) -> None:
        self._callbacks.pop(fd, None)

    def poll(self) -> None:
        while ready := select.select([*self._callbacks], [], [], 0)[0]:
            for fd in ready:
                self._callbacks[fd]()


@dataclass
class Board:
    """Chips by their path, what their lines are soldered to, and who reads the edges."""

    clock: ManualClock
    labels: Mapping[str, str]
    watcher: Watcher = field(default_factory=Watcher)
    users: dict[int, str] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()
    broken: OSError | None = None
    request: "LineRequest | None" = None
    open_chips: int = 0

    def __post_init__(self) -> None:
        self.pins = SimulatedLines(self.clock)
        self.pins.subscribe(self._changed)

    @property
    def api(self) -> Any:
        """The module ``gpiod`` of this board."""
        return SimpleNamespace(
            Chip=lambda path: Chip(self, path),
            LineSettings=LineSettings,
            EdgeEvent=EdgeEvent,
            line=SimpleNamespace(
                Value=Value, Direction=Direction, Bias=Bias, Edge=Edge, Clock=Clock
            ),
        )

    def drive(self, gpio: int, level: int | None) -> None:
        """Connects the outside of a line, and lets the bridge's loop have a turn."""
        self.pins.drive(gpio, level)
        self.watcher.poll()

    def _changed(self, change: Change) -> None:
        if self.request is not None:
            self.request.changed(change)

    def require_whole(self) -> None:
        if self.broken is not None:
            raise self.broken


class Chip:
    LINES = 54

    def __init__(self, board: Board, path: str) -> None:
        if path in board.denied:
            raise PermissionError(errno.EACCES, "Permission denied")
        self._board = board
        self.path = path
        self._open = True
        board.open_chips += 1

    def close(self) -> None:
        if not self._open:
            raise ChipClosedError
        self._board.open_chips -= 1
        self._open = False

    def get_info(self) -> Any:
        return SimpleNamespace(label=self._board.labels[self.path], num_lines=self.LINES)

    def get_line_info(self, line: int) -> Any:
        if line >= self.LINES:
            raise ValueError("line offset of out range")
        out = self._board.pins.mode(line) is Mode.OUTPUT
        return SimpleNamespace(
            offset=line,
            used=line in self._board.users,
            consumer=self._board.users.get(line, ""),
            direction=Direction.OUTPUT if out else Direction.INPUT,
        )

    def request_lines(
        self, config: dict[int, LineSettings], consumer: str, event_buffer_size: int
    ) -> "LineRequest":
        if self._board.users.keys() & config.keys():
            raise OSError(errno.EBUSY, "Device or resource busy")
        self._board.users |= dict.fromkeys(config, consumer)
        self._board.request = LineRequest(self._board, config, event_buffer_size)
        return self._board.request


class LineRequest:
    def __init__(self, board: Board, config: dict[int, LineSettings], capacity: int) -> None:
        self._board = board
        self._capacity = capacity
        self._config: dict[int, LineSettings] = {}
        self._stable: dict[int, int] = {}
        self._timers: dict[int, Timer] = {}
        self._events: list[EdgeEvent] = []
        self._pipe: tuple[int, int] | None = os.pipe()
        self.offsets = list(config)
        self.reconfigure_lines(config)

    def __bool__(self) -> bool:
        return self._pipe is not None

    @property
    def fd(self) -> int:
        return self._ends()[0]

    def release(self) -> None:
        for end in self._ends():
            os.close(end)
        self._pipe = None
        for offset in self.offsets:
            self._board.users.pop(offset, None)

    def reconfigure_lines(self, config: dict[int, LineSettings]) -> None:
        self._ends()
        self._board.require_whole()
        # A line that is left out falls back to what requests ask for when they say nothing.
        whole = {offset: config.get(offset, LineSettings()) for offset in self.offsets}
        for settings in whole.values():
            settings.check()
        for offset, settings in whole.items():
            self._configure(offset, settings)

    def get_value(self, line: int) -> Value:
        return self.get_values([line])[0]

    def get_values(self, lines: list[int]) -> list[Value]:
        self._ends()
        self._board.require_whole()
        return [Value(self._level(line)) for line in lines]

    def wait_edge_events(self, timeout: timedelta) -> bool:
        return bool(select.select([self.fd], [], [], timeout.total_seconds())[0])

    def read_edge_events(self) -> list[EdgeEvent]:
        self._board.require_whole()
        os.read(self.fd, len(self._events))
        events, self._events = self._events, []
        return events

    def changed(self, change: Change) -> None:
        """A pin's level changed: an interrupt, if anybody wants to know."""
        settings = self._config.get(change.gpio)
        if self._pipe is None or settings is None or settings.edge_detection is not Edge.BOTH:
            return
        if settings.debounce_period:
            self._restart(change.gpio, settings.debounce_period)
        else:
            self._push(change)

    def _ends(self) -> tuple[int, int]:
        if self._pipe is None:
            raise RequestReleasedError
        return self._pipe

    def _configure(self, offset: int, settings: LineSettings) -> None:
        pins, before = self._board.pins, self._config.get(offset)
        if before is None or before.debounce_period != settings.debounce_period:
            self._stable[offset] = pins.read(offset)
        self._config[offset] = settings
        if settings.bias in PULLS:
            pins.set_pull(offset, PULLS[settings.bias])
        if settings.direction is Direction.OUTPUT:
            pins.write(offset, settings.output_value.value)
        elif settings.direction is Direction.INPUT:
            pins.set_mode(offset, Mode.INPUT)

    def _level(self, line: int) -> int:
        debounced = self._config[line].debounce_period
        return self._stable[line] if debounced else self._board.pins.read(line)

    def _restart(self, gpio: int, period: timedelta) -> None:
        if gpio in self._timers:
            self._timers.pop(gpio).cancel()
        due = self._board.clock.now() + period // timedelta(microseconds=1)
        self._timers[gpio] = self._board.clock.call_at(due, lambda: self._settle(gpio))

    def _settle(self, gpio: int) -> None:
        level = self._board.pins.read(gpio)
        if self and level != self._stable[gpio]:
            self._stable[gpio] = level
            self._push(Change(gpio, level, self._board.clock.now()))
            self._board.watcher.poll()

    def _push(self, change: Change) -> None:
        kinds = (EdgeEvent.Type.FALLING_EDGE, EdgeEvent.Type.RISING_EDGE)
        if len(self._events) == self._capacity:
            os.read(self.fd, 1)
            self._events.pop(0)
        self._events.append(EdgeEvent(kinds[change.level], change.at * 1000, change.gpio))
        os.write(self._ends()[1], b"!")


def board(clock: ManualClock, directory: Path, **labels: str) -> Board:
    """Makes device nodes as files below ``directory``, and a board with chips of such labels."""
    for name in labels:
        (directory / name).touch()
    return Board(clock, {str(directory / name): label for name, label in labels.items()})
