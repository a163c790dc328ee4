"""Requests a second, ours beside the stand-in, in rounds that take turns."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkbench import load
from inkbench.processes import log_in, old_token, ours, standin

if TYPE_CHECKING:
    from pathlib import Path

    from inkbench.processes import Server

_BODY = b'{"message": "Hello World!"}'
_NEW_BODY = b'{"text": "Hello World!"}'


@dataclass(frozen=True, slots=True)
class Side:
    """A server, and what to ask it."""

    server: Server
    request: bytes
    status: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians over the rounds: requests a second, their ratio, µs of processor time a request."""

    old_rate: float
    our_rate: float
    ratio: float
    old_cost: float
    our_cost: float


def measure(state: Path, rounds: int, seconds: float) -> dict[str, Comparison]:
    """Compare posting a message, and asking for the panel (there: for the greeting)."""
    with standin() as old, ours(state) as new:
        theirs, mine = old_token(), log_in(new)
        post = Side(old, load.request("POST", "/messages", theirs, _BODY), 201)
        greeting = Side(old, load.request("GET", "/", theirs), 200)
        our_post = Side(new, load.request("POST", "/messages", mine, _BODY), 201)
        new_post = Side(new, load.request("POST", "/api/v1/messages", mine, _NEW_BODY), 201)
        panel = Side(new, load.request("GET", "/api/v1/panel", mine), 200)
        return {
            "post": compare(post, our_post, rounds, seconds),
            "new": compare(post, new_post, rounds, seconds),
            "panel": compare(greeting, panel, rounds, seconds),
        }


def compare(old: Side, new: Side, rounds: int, seconds: float) -> Comparison:
    """Return medians; each round loads one, then the other, the first one by turns."""
    pairs = []
    for number in range(rounds):
        order = (old, new) if number % 2 else (new, old)
        found = {id(side): _round(side, seconds) for side in order}
        pairs.append((found[id(old)], found[id(new)]))
    middle = statistics.median
    return Comparison(
        old_rate=middle(one[0] for one, _ in pairs),
        our_rate=middle(other[0] for _, other in pairs),
        ratio=middle(other[0] / one[0] for one, other in pairs),
        old_cost=middle(one[1] for one, _ in pairs),
        our_cost=middle(other[1] for _, other in pairs),
    )


def _round(side: Side, seconds: float) -> tuple[float, float]:
    before = side.server.cpu
    found = load.run(side.server.port, side.request, side.status, seconds=seconds)
    if found.wrong:
        raise RuntimeError(f"{found.wrong} answers had another status than {side.status}")
    return found.rate, (side.server.cpu - before) / found.right * 1e6
