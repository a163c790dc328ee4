"""ARM instructions of the app, and of a stand-in written the plain way of 2017, under qemu-user."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from inkbench import load, rotation
from inkbench.latency import Watch
from inkbench.processes import HERE, PASSWORD, ROOT, SECRET, free_port, log_in, ours, running
from inkstand.accounts.passwords import make_hash
from inkstand.packs import pack, worker
from pi_images import counting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from inkbench.processes import Server
    from pi_images.counting import Counter, Emulator

_GPIO = "22"
_PATIENCE = 30.0
_HALF_A_MINUTE, _REST_S, _MINUTE_S = 30, 25, 60
# Less than that in half a second is what a program does that has nothing to do.
_IDLE = 500_000
_TEXTS = (
    "Dinner is ready",
    "The parcel is with the neighbours at number 12, please fetch it before eight",
    "Back at 18:30",
    "Water the tomatoes, feed the cat, and take the bins out: they come for the paper tomorrow",
    "Happy birthday, Elsa!",
)
# What is asked, its name in Counts, and the share of the stand-in's that it may take.
QUESTIONS = (
    ("ARM instructions from start to first answer", "start", 1.0),
    ("… from POST of a message to its frame at the driver", "message", 0.5),
    ("… of one minute of the clock, all that is done in it", "minute", 0.25),
    ("… of such a minute at rest, without the drawing", "rest", None),
    ("… from a press to the frame at the driver", "press", None),
    ("… of a login", "login", None),
)
# Of the app alone: what is counted, its name in Counts, and the most that it may take.
ABSOLUTE = (
    ("ARM instructions of a minute in which a pack's source has nothing new", "asked", 30e6),
    ("… of drawing the pack weather, by the process that lives for it", "drawn", None),
)
_ASKED_MINUTES = 3
# Hashes as they always are, and compiled modules kept: what is counted does not change by itself.
_STEADY = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True, slots=True)
class Counts:
    """Instructions, in each list one number a time; `rest` is that part of a `minute`."""

    start: list[int] = field(default_factory=list)
    message: list[int] = field(default_factory=list)
    press: list[int] = field(default_factory=list)
    login: list[int] = field(default_factory=list)
    minute: list[int] = field(default_factory=list)
    rest: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)

    def millions(self, name: str) -> float:
        """Return the one in the middle."""
        found: list[int] = getattr(self, name)
        return statistics.median(found) / 1e6


@dataclass(frozen=True)
class _Place:
    """What one program is run with: a folder of its own, a panel, and a button."""

    folder: Path
    emulator: Emulator
    pigpiod: int

    @property
    def panel(self) -> Path:
        return self.folder / "panel"

    @property
    def control(self) -> Path:
        return self.folder / "control"

    def python(self) -> tuple[list[str], Counter]:
        return self.emulator.python(self.folder / "counts")

    def press(self) -> None:
        _bridge("press", _GPIO, f"--control={self.control}").wait(_PATIENCE)


def measure(folder: Path, times: int) -> tuple[Counts, Counts]:
    """Return what the stand-in and the app take, each the median of `times`.

    Raises:
        ToolError: ARM programs cannot be run or counted here.
    """
    emulator = counting.emulator(folder)
    with ThreadPoolExecutor() as pool:
        found = [
            pool.submit(_measure, name, program, folder / name, emulator, times)
            for name, program in (("stand-in", _standin), ("app", _app))
        ]
        standin, app = (each.result() for each in found)
    _packs(folder / "packs", emulator, app)
    return standin, app


def _measure(
    name: str,
    program: Callable[[_Place, list[str]], AbstractContextManager[Server]],
    folder: Path,
    emulator: Emulator,
    times: int,
) -> Counts:
    place, counts = _Place(folder, emulator, free_port()), Counts()
    _make_panel(place.panel)
    with _button(place):
        for number in range(times + 1):
            python, counter = place.python()
            with program(place, python) as server:
                _ask(server, load.request("GET", "/", "", more="Accept: text/html\r\n"))
                # The first one compiles what it imports.
                counts.start.extend([counter.read()] if number else [])
                print(f"  {name}: start {number} of {times}", file=sys.stderr, flush=True)
                if number == times:
                    _use(name, place, server, counter, counts)
    return counts


def _use(name: str, place: _Place, server: Server, counter: Counter, counts: Counts) -> None:
    _settle(counter)
    token = ""
    for _ in _TEXTS:
        before = counter.read()
        token = log_in(server)
        counts.login.append(counter.read() - before)
    print(f"  {name}: messages and presses", file=sys.stderr, flush=True)
    with Watch(place.panel / "LE") as watch:
        for text in _TEXTS:
            body = json.dumps({"text": text, "priority": "urgent"}).encode()
            message = load.request("POST", "/api/v1/messages", token, body)
            counts.message.append(_until_frame(watch, counter, partial(_ask, server, message)))
            counts.press.append(_until_frame(watch, counter, place.press))
    print(f"  {name}: a minute of the clock", file=sys.stderr, flush=True)
    _minute(counter, counts)


def _until_frame(watch: Watch, counter: Counter, act: Callable[[], object]) -> int:
    """Return what is executed from an act until its frame is handed to the driver."""
    _settle(counter)
    watch.forget()
    before = counter.read()
    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(act)
        watch.wait()
        after = counter.read()
        acting.result()
    return after - before


def _minute(counter: Counter, counts: Counts) -> None:
    """Count from the middle of one minute to that of the next, and before it begins."""
    _settle(counter)
    time.sleep((_HALF_A_MINUTE - time.time()) % _MINUTE_S)
    begin, before = time.monotonic(), counter.read()
    time.sleep(_REST_S)
    counts.rest.append((counter.read() - before) * _MINUTE_S // _REST_S)
    time.sleep(begin + _MINUTE_S - time.monotonic())
    counts.minute.append(counter.read() - before)


def _packs(folder: Path, emulator: Emulator, counts: Counts) -> None:
    """Count minutes of the app while a source is asked that has nothing new, and a drawing."""
    place = _Place(folder, emulator, free_port())
    _make_panel(place.panel)
    print("  app: a pack whose source has nothing new", file=sys.stderr, flush=True)
    python, counter = place.python()
    with rotation.serving() as (port, asked), _asking(place, python, port):
        _until_asked(asked, 1)
        _settle(counter)
        before, first = counter.read(), time.monotonic()
        _until_asked(asked, 1 + _ASKED_MINUTES)
        _settle(counter)
        minutes = (time.monotonic() - first) / _MINUTE_S
        counts.asked.append(round((counter.read() - before) / minutes))
    counts.drawn.append(_draw(folder, emulator))


def _asking(place: _Place, python: list[str], port: int) -> AbstractContextManager[Server]:
    """Run the app with a pack that asks for the weather each minute, and shows it."""
    own = place.folder / "own"
    own.mkdir()
    text = rotation.text_of("weather", port)
    read = pack.read(text)
    every = read.sources["forecast"].every.total_seconds() // 60
    (own / "minutely.toml").write_text(text.replace(f"every = {every:.0f}\n", "every = 1\n"))
    screens = [{"name": "weather", "pack": "minutely.toml", "private": True}]
    screens[0]["settings"] = dict(read.example.settings)
    return _app(
        place,
        python,
        "undrawn.py",
        packs_directory=str(own),
        screens=json.dumps(screens),
        playlist=json.dumps([{"screen": "weather", "minutes": 1}]),
    )


def _until_asked(asked: list[str], times: int) -> None:
    deadline = time.monotonic() + times * 3 * _MINUTE_S
    while len(asked) < times:
        if time.monotonic() > deadline:
            raise RuntimeError(f"a source was asked {len(asked)} times, not {times}")
        time.sleep(0.1)


def _draw(folder: Path, emulator: Emulator) -> int:
    """Return what one drawing takes, with the start of Python; the second, since one compiles."""
    order = worker.plain_order(rotation.example_order("weather"))
    for _ in range(2):
        python, counter = emulator.python(folder / "counts-of-drawing")
        subprocess.run(
            [*python, "-P", "-m", "inkstand.packs.worker", "0", "0"],
            input=json.dumps(order).encode(),
            env={**os.environ, **_STEADY, "PYTHONPATH": str(ROOT / "images/app/src")},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return counter.read()


def _settle(counter: Counter) -> None:
    """Return when the program has nothing more to do."""
    before = -_IDLE
    while (now := counter.read()) - before >= _IDLE:
        before = now
        time.sleep(0.5)


def _ask(server: Server, message: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 4 * _PATIENCE) as connection:
        connection.sendall(message)
        answer = b""
        while not load.is_complete(answer):
            answer += connection.recv(65_536)
    if not answer.startswith(b"HTTP/1.1 2"):
        raise RuntimeError(f"refused: {answer!r}")


def _app(
    place: _Place, python: list[str], program: str = "", **settings: str
) -> AbstractContextManager[Server]:
    state = place.folder / "state"
    state.mkdir(exist_ok=True)
    app = HERE / program if program else ROOT / "images/app/container/inkstand"
    command = [*python, "-P", str(app), "serve", "--slow-retry"]
    return ours(
        state,
        program=command,
        environment=_STEADY,
        panel="epd",
        panel_directory=str(place.panel),
        button="pigpio",
        pigpiod_port=str(place.pigpiod),
        password_hash=make_hash(PASSWORD),
        **settings,
    )


def _standin(place: _Place, python: list[str]) -> AbstractContextManager[Server]:
    secrets = {"STANDIN_SECRET": SECRET, "STANDIN_PASSWORD": PASSWORD}
    port = free_port()
    arguments = [str(port), str(place.panel), str(place.pigpiod)]
    return running(port, [*python, str(HERE / "standin.py"), *arguments], {**secrets, **_STEADY})


def _make_panel(panel: Path) -> None:
    """Make a directory that looks like a driver's, whose panel shows at once what it is sent."""
    (panel / "LE").mkdir(parents=True)
    (panel / "panel").write_text("EPD 2.7 264x176 COG 2 FILM 231\n")
    (panel / "error").write_text("OK\n")
    (panel / "command").touch()
    (panel / "LE" / "display").write_bytes(bytes(264 * 176 // 8))
    (panel / "LE" / "display_inverse").touch()
    (panel / "LE" / "current").symlink_to("display")


def _bridge(*arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "images/pigpiod/src")}
    return subprocess.Popen([sys.executable, "-m", "pigpiod_bridge", *arguments], env=environment)


@contextlib.contextmanager
def _button(place: _Place) -> Iterator[None]:
    """Run our bridge with a simulated button."""
    listen = f"--listen=127.0.0.1:{place.pigpiod}"
    bridge = _bridge("serve", listen, f"--gpio={_GPIO}", f"--control={place.control}")
    try:
        yield
    finally:
        bridge.terminate()
        bridge.wait(_PATIENCE)
