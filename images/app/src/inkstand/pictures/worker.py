"""Large pictures, prepared in a process of their own.

Decoding one can take more memory than the app may have, and holds up Python for a while. A process
that ends gives all of it back; and where there is not enough, the kernel ends that one, not us.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkstand.errors import InvalidPictureError, PictureTooLargeError, RequestError
from inkstand.pictures import conversion
from inkstand.rendering import Framing, Tone

if TYPE_CHECKING:
    from asyncio.subprocess import Process

_PARENT = Path(__file__).parents[2]
# Seconds; the slowest board needs about twenty for the largest picture.
_PATIENCE = 60.0
_FIRST_VICTIM = "1000"
_ERRORS = {error.code: error for error in (InvalidPictureError, PictureTooLargeError)}


async def convert(data: bytes, said: str, look: conversion.Look) -> bytes:
    """Return what conversion.prepare() returns, with another process doing it.

    Raises:
        InvalidPictureError, PictureTooLargeError: see there; the latter also for one that takes
            more memory or time than there is.
    """
    order = {
        "data": base64.b64encode(data).decode(),
        "said": said,
        "size": look.size,
        "framing": look.framing,
        "tone": look.tone,
    }
    answer = await _ask(json.dumps(order).encode())
    if answer is None:
        raise PictureTooLargeError(
            "This picture takes more memory or time than there is; make it smaller"
        )
    if "code" in answer:
        raise _ERRORS[answer["code"]](answer["detail"])
    return base64.b64decode(answer["png"])


async def _ask(order: bytes) -> dict[str, Any] | None:
    """Return the answer of a new process, None when it ended without one."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "inkstand.pictures.worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # No secret of ours goes there.
        env={"PYTHONPATH": str(_PARENT), "LC_ALL": "C.UTF-8"},
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            said, _ = await process.communicate(order)
    except TimeoutError:
        return None
    finally:
        await _end(process)
    answer: dict[str, Any] | None = json.loads(said) if process.returncode == 0 else None
    return answer


async def _end(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def main() -> None:
    """Do what the order on standard input says, and answer on standard output."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_VICTIM, encoding="ascii")
    os.nice(5)
    json.dump(_answer(json.load(sys.stdin.buffer)), sys.stdout)


def _answer(order: dict[str, Any]) -> dict[str, str]:
    width, height = order["size"]
    look = conversion.Look((width, height), Framing(order["framing"]), Tone(order["tone"]))
    try:
        png = conversion.prepare(base64.b64decode(order["data"]), order["said"], look)
    except RequestError as error:
        return {"code": error.code, "detail": str(error)}
    return {"png": base64.b64encode(png).decode()}


if __name__ == "__main__":
    main()
