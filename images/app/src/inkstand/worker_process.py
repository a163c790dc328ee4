"""Work that may take too much, done by a process of its own; see pictures.worker, packs.worker.

A process that ends gives all of its memory back; and where there is not enough, the kernel ends
that one, not us.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Mapping

_LOG = logging.getLogger(__name__)
_PARENT = Path(__file__).parents[1]
_FIRST_VICTIM = "1000"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may take: seconds by the clock, seconds of the processor, bytes of memory.

    The last two are not limited where they are None.
    """

    seconds: float
    processor: int | None = None
    memory: int | None = None


async def ask(module: str, order: Mapping[str, Any], limits: Limits) -> dict[str, Any] | None:
    """Return what a new process that runs `module`, whose main() calls serve(), answers to `order`.

    None: it could not be started, which is logged; it ended without an answer, or was ended because
    it took more than `limits`.
    """
    try:
        process = await _start(module, limits)
    except OSError as error:
        _LOG.warning("no process for %s: %s", module, error)
        return None
    try:
        async with asyncio.timeout(limits.seconds):
            said, _ = await process.communicate(json.dumps(order).encode())
    except TimeoutError:
        return None
    finally:
        await _end(process)
    answer: dict[str, Any] | None = json.loads(said) if process.returncode == 0 else None
    return answer


async def _start(module: str, limits: Limits) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module),
        *(str(limit or 0) for limit in (limits.processor, limits.memory)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # No secret of ours goes there. glibc would set 64 MB aside for each thread of a library.
        env={"PYTHONPATH": str(_PARENT), "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
    )


async def _end(process: Process) -> None:
    """Kill it, and return when it has ended, also when the task is cancelled meanwhile."""
    if process.returncode is not None:
        return
    # Once: the second time would take its status away from who waits for it.
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    cancelled = ended = False
    while not ended:
        try:
            await process.wait()
            ended = True
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer the order on standard input on standard output, within the limits of the arguments."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_VICTIM, encoding="ascii")
    os.nice(5)
    for kind, limit in zip((resource.RLIMIT_CPU, resource.RLIMIT_AS), sys.argv[1:], strict=True):
        # Refused where a stricter limit holds already, and of memory by a Mac.
        with contextlib.suppress(ValueError):
            if int(limit):
                resource.setrlimit(kind, (int(limit), int(limit)))
    json.dump(answer(json.load(sys.stdin.buffer)), sys.stdout)


def to_text(data: bytes) -> str:
    """Return bytes as they stand in orders and answers."""
    return base64.b64encode(data).decode()


def to_bytes(text: str) -> bytes:
    """Return what to_text() was given."""
    return base64.b64decode(text)
