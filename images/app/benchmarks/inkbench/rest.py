"""What the app takes while it shows the clock, and whether that grows with requests."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkbench import load
from inkbench.processes import log_in, ours

if TYPE_CHECKING:
    from pathlib import Path

    from inkbench.processes import Server

_BODY = b'{"message": "Hello World!"}'
# The seconds of a minute that belong to its tick: drawing and refreshing.
_TICK = (59, 0, 1, 2)


@dataclass(frozen=True, slots=True)
class Idle:
    """What happened in `minutes`: wake-ups at the tick and beyond, ms of processor time, MB."""

    minutes: float
    at_tick: int
    beyond: int
    cpu_ms: float
    pss: float

    @property
    def beyond_rate(self) -> float:
        """Wake-ups a second, those of the minute tick left out."""
        return self.beyond / (self.minutes * (60 - len(_TICK)))


@dataclass(frozen=True, slots=True)
class Memory:
    """MB (PSS) at rest, after half of the requests, and after all of them."""

    idle: float
    half: float
    end: float

    @property
    def growth(self) -> float:
        """How much the second half added; in the first, caches fill that have an end."""
        return self.end - self.half


def idle(state: Path, minutes: int) -> Idle:
    """Look at the app while it shows the clock."""
    with ours(state) as server:
        return watch(server, minutes)


def watch(server: Server, minutes: int) -> Idle:
    """Look on from outside, once a second, for whole minutes."""
    _sleep_to_second(30)
    cpu, before = server.cpu, server.switches
    at_tick = beyond = 0
    for _ in range(60 * minutes):
        second = _sleep_to_second(None)
        now = server.switches
        if second in _TICK:
            at_tick += now - before
        else:
            beyond += now - before
        before = now
    return Idle(minutes, at_tick, beyond, (server.cpu - cpu) * 1000, server.pss)


def memory(state: Path, requests: int) -> Memory:
    """Load the app with as many messages as questions for the panel."""
    with ours(state) as server:
        token = log_in(server)
        at_rest = _settled(server)
        _load(server, token, requests // 2)
        half = _settled(server)
        _load(server, token, requests // 2)
        return Memory(at_rest, half, _settled(server))


def _settled(server: Server) -> float:
    """Give the least memory of two seconds: what is kept, without what answers held."""
    samples = []
    for _ in range(10):
        time.sleep(0.2)
        samples.append(server.pss)
    return min(samples)


def _load(server: Server, token: str, requests: int) -> None:
    post = load.request("POST", "/messages", token, _BODY)
    panel = load.request("GET", "/api/v1/panel", token)
    for message, status in ((post, 201), (panel, 200)):
        done = load.run(server.port, message, status, requests=requests // 2)
        if done.wrong:
            raise RuntimeError(f"{done.wrong} answers had another status than {status}")


def _sleep_to_second(wanted: int | None) -> int:
    """Sleep until the next second (of the minute: `wanted`) ends; return which one that was."""
    while True:
        now = time.time()
        time.sleep(1 - now % 1)
        second = int(now) % 60
        if wanted is None or second == wanted:
            return second
