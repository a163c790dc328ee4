"""GPIO lines of a kernel's chip, through its character device and libgpiod 2.

The kernel stamps the edges (CLOCK_MONOTONIC), debounces them and knows the resistors. Only the
lines that clients may change are asked for: requesting a line takes it from whoever else would
use it, and on some chips makes it a GPIO again. They are inputs from the start.

Sources: the documentation of the Linux GPIO character device (v2) and of libgpiod's Python module.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from pigpiod_bridge.clock import Clock
from pigpiod_bridge.lines import REPORTED_COUNT, Edge, LineError, Mode, Pull

LABELS: Final = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""What the chip of the header is called on a Pi 5, on a Pi 4, and on all before them."""

CONSUMER: Final = "pigpiod-bridge"
EVENT_BUFFER: Final = 256
"""Edges the kernel keeps until they are read; a contact that bounces makes some dozen."""

_CPUINFO: Final = Path("/proc/cpuinfo")
_BIASES: Final = {None: "AS_IS", Pull.OFF: "DISABLED", Pull.DOWN: "PULL_DOWN", Pull.UP: "PULL_UP"}
_LEVELS: Final = ("INACTIVE", "ACTIVE")


class Watcher(Protocol):
    """Who calls back when a file can be read; asyncio's loops do."""

    def add_reader(self, fd: int, callback: Callable[[], None], /) -> object:
        """Calls ``callback`` from now on whenever ``fd`` can be read."""

    def remove_reader(self, fd: int, /) -> object:
        """Does so no more."""


@dataclass(frozen=True, slots=True)
class _Line:
    mode: Mode = Mode.INPUT
    pull: Pull | None = None
    latch: int = 0
    steady: int = 0


def load_libgpiod() -> Any:
    """Returns the module ``gpiod``.

    Raises:
        RuntimeError: it is not installed, or is libgpiod 1.
    """
    try:
        api = import_module("gpiod")
    except ImportError as error:
        raise RuntimeError(f"GPIO chips need Debian's python3-libgpiod: {error}") from error
    if not hasattr(api, "LineSettings"):
        raise RuntimeError("GPIO chips need libgpiod 2; the one that is installed is older")
    return api


def open_chip(api: Any, labels: Sequence[str], directory: Path = Path("/dev")) -> Any:
    """Returns the first chip below ``directory`` that has one of ``labels``.

    Raises:
        LineError: there is none; names those that there are.
    """
    found: list[str] = []
    for path in sorted(directory.glob("gpiochip*")):
        chip, about = _look(api, path, labels)
        if chip is not None:
            return chip
        found.append(about)
    raise LineError(
        f"no GPIO chip is called {' or '.join(labels)}; found: {', '.join(found) or 'none'}"
    )


def _look(api: Any, path: Path, labels: Sequence[str]) -> tuple[Any, str]:
    try:
        chip = api.Chip(str(path))
    except OSError as error:
        return None, f"{path} ({error.strerror})"
    label = chip.get_info().label
    if label in labels:
        return chip, label
    chip.close()
    return None, f"{path} ({label})"


def revision_in(cpuinfo: str) -> int:
    """Returns the board revision in the text of ``/proc/cpuinfo``, 0 when it says none."""
    match = re.search(r"^Revision\s*:\s*([0-9a-f]{1,8})$", cpuinfo, re.MULTILINE)
    return int(match[1], 16) & 0x7FFF_FFFF if match else 0


class GpioChipLines:
    """The lines ``permitted`` of a chip; their numbers are the chip's offsets.

    The others are not asked for: their mode is told, their level is not (0 in ``levels``).

    Args:
        api: the module ``gpiod``.
        chip: an open ``gpiod.Chip``; closing it is the caller's.
        permitted: what to ask the kernel for, at least one.
        clock: stamps the edges that an order of ours made, for which the kernel tells none.
        watcher: says when there are edges to read.

    Raises:
        LineError: the chip has no such line, or somebody else uses it.
    """

    def __init__(
        self, api: Any, chip: Any, permitted: AbstractSet[int], clock: Clock, watcher: Watcher
    ) -> None:
        self._api = api
        self._chip = chip
        self._clock = clock
        self._watcher = watcher
        self._on_edge: Callable[[Edge], None] | None = None
        self._lines = {gpio: _Line() for gpio in sorted(permitted)}
        self._request = self._ask()
        self._told = self._values()
        self.revision = revision_in(_CPUINFO.read_text())

    def mode(self, gpio: int) -> Mode:
        """Returns what the line is used for; the kernel tells it of lines that are not ours too."""
        if gpio in self._lines:
            return self._lines[gpio].mode
        out = self._info(gpio).direction is self._api.line.Direction.OUTPUT
        return Mode.OUTPUT if out else Mode.INPUT

    def set_mode(self, gpio: int, mode: Mode) -> None:
        """Uses the line for ``mode``, which is an input or an output."""
        if mode not in {Mode.INPUT, Mode.OUTPUT}:
            raise LineError(f"GPIO {gpio}: a GPIO chip gives inputs and outputs, not {mode.name}")
        self._change(gpio, mode=mode)

    def set_pull(self, gpio: int, pull: Pull) -> None:
        """Chooses the line's resistor."""
        self._change(gpio, pull=pull)

    def read(self, gpio: int) -> int:
        """Returns the level now; while the kernel debounces the line, its last stable level."""
        self._require_ours(gpio)
        return self._seen()[gpio]

    def write(self, gpio: int, level: int) -> None:
        """Makes the line an output at ``level``."""
        self._change(gpio, mode=Mode.OUTPUT, latch=level)

    def levels(self) -> int:
        """Returns the levels of GPIO 0 to 31; 0 for those that are not ours."""
        return sum(level << gpio for gpio, level in self._seen().items() if gpio < REPORTED_COUNT)

    def debounce(self, gpio: int, steady: int) -> bool:
        """Returns True: the kernel does it, in hardware or by its own timer, on our lines."""
        if gpio not in self._lines:
            return False
        self._change(gpio, steady=steady)
        return True

    def subscribe(self, on_edge: Callable[[Edge], None]) -> None:
        """Tells ``on_edge`` every change of our lines from now on."""
        self._on_edge = on_edge
        self._watcher.add_reader(self._request.fd, self._read_edges)

    def close(self) -> None:
        """Gives the lines back to the kernel."""
        self._on_edge = None
        if self._request:
            self._watcher.remove_reader(self._request.fd)
            self._request.release()

    def _ask(self) -> Any:
        with _refusals(f"GPIO {', '.join(map(str, self._lines))} {self._users()}".strip()):
            return self._chip.request_lines(
                self._settings(self._lines), consumer=CONSUMER, event_buffer_size=EVENT_BUFFER
            )

    def _users(self) -> str:
        infos = map(self._info, self._lines)
        used = [f"{info.offset} by {info.consumer}" for info in infos if info.used]
        return f"(in use: {', '.join(used)})" if used else ""

    def _info(self, gpio: int) -> Any:
        with _refusals(f"GPIO {gpio}"):
            return self._chip.get_line_info(gpio)

    def _require_ours(self, gpio: int) -> None:
        if gpio not in self._lines:
            raise LineError(f"GPIO {gpio} is not one of those that were asked for")

    def _change(self, gpio: int, **changes: Any) -> None:
        self._require_ours(gpio)
        lines = {**self._lines, gpio: replace(self._lines[gpio], **changes)}
        with _refusals(f"GPIO {gpio}"):
            self._request.reconfigure_lines(self._settings(lines))
        self._lines = lines
        self._catch_up()

    def _settings(self, lines: Mapping[int, _Line]) -> dict[int, Any]:
        return {gpio: self._settings_of(line) for gpio, line in lines.items()}

    def _settings_of(self, line: _Line) -> Any:
        names = self._api.line
        bias = names.Bias[_BIASES[line.pull]]
        if line.mode is Mode.OUTPUT:
            value = names.Value[_LEVELS[line.latch]]
            return self._api.LineSettings(
                direction=names.Direction.OUTPUT, bias=bias, output_value=value
            )
        return self._api.LineSettings(
            direction=names.Direction.INPUT,
            bias=bias,
            edge_detection=names.Edge.BOTH,
            debounce_period=timedelta(microseconds=line.steady),
            event_clock=names.Clock.MONOTONIC,
        )

    def _level(self, value: Any) -> int:
        return int(value is self._api.line.Value.ACTIVE)

    def _values(self) -> dict[int, int]:
        with _refusals("the GPIO chip"):
            values = self._request.get_values(list(self._lines))
        return dict(zip(self._lines, map(self._level, values), strict=True))

    def _seen(self) -> dict[int, int]:
        """Reads all levels; one that no edge told is told now.

        The kernel drops edges when its buffer is full or an interrupt is late. A release that was
        never told would make the next press look like one that goes on.
        """
        values = self._values()
        if values != self._told:
            self._catch_up()
        return values

    def _catch_up(self) -> None:
        # The kernel tells no edges of outputs, nor of the moment when an input becomes one or
        # back. What it does tell comes first, with its own time.
        while self._request.wait_edge_events(timedelta()):
            self._read_edges()
        now = self._clock.now()
        for gpio, level in self._values().items():
            self._tell(Edge(gpio, level, now))

    def _read_edges(self) -> None:
        rising = self._api.EdgeEvent.Type.RISING_EDGE
        for event in self._request.read_edge_events():
            level = int(event.event_type is rising)
            self._tell(Edge(event.line_offset, level, event.timestamp_ns // 1000))

    def _tell(self, edge: Edge) -> None:
        # A line that was back before the kernel looked gives the same edge twice.
        if self._told[edge.gpio] == edge.level:
            return
        self._told[edge.gpio] = edge.level
        if self._on_edge is not None:
            self._on_edge(edge)


@contextmanager
def _refusals(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: the chip has no line of that number
        raise LineError(f"{what}: {getattr(error, 'strerror', None) or error}") from error
