"""How long the event loop stands still while bad input comes."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkbench import corpus
from inkbench.processes import log_in, ours

if TYPE_CHECKING:
    from pathlib import Path

    from inkbench.corpus import Bad
    from inkbench.processes import Server

_PATIENCE = 60.0
_PROBED = (sys.executable, "-m", "inkbench.probed", "serve")
_SUSPICIOUS, _AGAIN = 10.0, 3


@dataclass(frozen=True, slots=True)
class Blocks:
    """The longest step of the loop: ms by the clock and of work; answers by their hundreds."""

    clock: float
    work: float
    worst: str
    answers: Counter[str]


def measure(state: Path) -> Blocks:
    """Send the corpus, one request after the other, and ask after each how long a step took.

    A long step is looked for again: what other programs of this machine did does not come twice.
    """
    steps = state / "steps"
    variables = {"BENCHMARK_STEPS": str(steps)}
    with ours(state, program=_PROBED, environment=variables) as server:
        token = log_in(server)
        _longest(server, steps)
        answers: Counter[str] = Counter()
        found = []
        for bad in corpus.everything(token):
            answers[_send(server, token, bad)] += 1
            clock, work = _longest(server, steps)
            for _ in range(_AGAIN if clock > _SUSPICIOUS else 0):
                _send(server, token, bad)
                clock = min(clock, _longest(server, steps)[0])
            found.append((clock, work, f"{bad.method} {bad.path[:40]}"))
    clock, _, worst = max(found)
    return Blocks(clock, max(work for _, work, _ in found), worst, answers)


def _send(server: Server, token: str, bad: Bad) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_PATIENCE)
    authorization = token if bad.token is None else bad.token
    with contextlib.closing(connection):
        try:
            return _ask(connection, bad, authorization)
        except (ConnectionError, http.client.HTTPException):
            return "closed"


def _ask(connection: http.client.HTTPConnection, bad: Bad, authorization: str) -> str:
    connection.putrequest(bad.method, bad.path)
    for name, value in {**bad.headers, "Content-Length": str(len(bad.body))}.items():
        connection.putheader(name, value)
    connection.putheader("Authorization", authorization.encode("latin-1"))
    # A server may refuse a large body before it has read it.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.endheaders(bad.body)
    return f"{connection.getresponse().status // 100}xx"


def _longest(server: Server, steps: Path) -> tuple[float, float]:
    steps.unlink(missing_ok=True)
    server.process.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + _PATIENCE
    while not steps.exists():
        if time.monotonic() > deadline or server.process.poll() is not None:
            raise RuntimeError("the server does not tell how long its steps took")
        time.sleep(0.001)
    found = json.loads(steps.read_text())
    return found["clock"], found["work"]
