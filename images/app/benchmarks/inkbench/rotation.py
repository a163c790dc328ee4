"""What the app takes while eight packs take turns, and a process that draws one at its peak."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from inkbench.processes import ours
from inkbench.rest import watch
from inkstand.packs import example, pack
from inkstand.packs.chosen import shipped
from inkstand.packs.worker import Order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inkbench.processes import Server

PACKS = ("bikes", "calendar", "countdown", "departures", "feed", "picture", "sun-moon", "weather")
# The only one whose address is no setting.
_OPEN_METEO = "https://api.open-meteo.com/v1/forecast"
_PATIENCE, _LOOK = 180.0, 0.01
_ETAG = '"one"'


@dataclass(frozen=True, slots=True)
class Rotation:
    """MB of the app (PSS) and of its largest worker (RSS), and what was counted in `minutes`."""

    minutes: int
    app: float
    worker: float
    requests: int
    beyond_rate: float


def measure(state: Path, minutes: int) -> Rotation:
    """Run the app with packs that ask a server on this machine, each for a minute by turns."""
    with serving() as (port, asked):
        screens = json.dumps(_screens(state, port))
        turns = json.dumps([{"screen": name, "minutes": 1} for name in PACKS])
        own = str(state / "own")
        with ours(state, packs_directory=own, screens=screens, playlist=turns) as server:
            worker = _largest_worker(server)
            before = len(asked)
            idle = watch(server, minutes)
            return Rotation(minutes, idle.pss, worker, len(asked) - before, idle.beyond_rate)


def _screens(state: Path, port: int) -> list[dict[str, object]]:
    """Return the setting `screens`; what packs ask, of which there are copies, is at `port`."""
    own = state / "own"
    own.mkdir()
    screens: list[dict[str, object]] = []
    for name in PACKS:
        read = _read(name)
        (own / f"{name}.toml").write_text(text_of(name, port))
        settings = dict(read.example.settings)
        for source in read.sources.values():
            if (setting := source.url.strip("{}")) in settings:
                settings[setting] = f"http://127.0.0.1:{port}/{name}/{source.name}"
        screens.append(
            {"name": name, "pack": f"{name}.toml", "private": True, "settings": settings}
        )
    return screens


def text_of(name: str, port: int) -> str:
    """Return the file of a pack; what has no setting for its address is asked at `port`."""
    text = shipped()[name].read_text(encoding="utf-8")
    return text.replace(_OPEN_METEO, f"http://127.0.0.1:{port}/{name}/forecast")


def example_order(name: str) -> Order:
    """Return the order to draw a pack as it is in its example, on a panel of 264x176."""
    read, folder = _read(name), shipped()[name].parent
    now = example.now(read, datetime.now(ZoneInfo("Europe/Stockholm")))
    answers = example.answers(read, folder)
    text = shipped()[name].read_text(encoding="utf-8")
    return Order(text, dict(read.example.settings), answers, (264, 176), now)


@contextlib.contextmanager
def serving() -> Iterator[tuple[int, list[str]]]:
    """Answer with the examples of the packs; yield the port, and who asked for what."""
    answers = {
        f"/{name}/{source}": answer.data or b""
        for name in PACKS
        for source, answer in example.answers(_read(name), shipped()[name].parent).items()
    }
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(path := self.path.partition("?")[0])
            known = self.headers.get("If-None-Match") == _ETAG
            body = b"" if known else answers[path]
            self.send_response(304 if known else 200)
            self.send_header("ETag", _ETAG)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, asked
        server.shutdown()


def _read(name: str) -> pack.Pack:
    return pack.read(pack.decode(shipped()[name].read_bytes()))


def _largest_worker(server: Server) -> float:
    """Return the most memory of a process that draws, when as many as there are packs have."""
    peaks: dict[int, float] = {}
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        alive = {child: _peak(child) for child in _children(server.process.pid)}
        if not alive and len(peaks) >= len(PACKS):
            return max(peaks.values())
        peaks |= {child: max(now, peaks.get(child, 0.0)) for child, now in alive.items()}
        time.sleep(_LOOK)
    raise RuntimeError(f"only {len(peaks)} of {len(PACKS)} packs were drawn")


def _children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in lists for child in each.read_text().split()]


def _peak(pid: int) -> float:
    """Return the most that it has had so far; 0 of a process that is gone."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    return 0.0
