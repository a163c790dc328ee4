"""Work that is done by a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

from inkstand import worker_process
from inkstand.worker_process import Limits, ask

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

pytestmark = pytest.mark.integration

# What its addresses come to with eight threads that each ask the C library for memory.
THREADS = """
import ctypes, json, threading
libc = ctypes.CDLL(None)
all_have, may_end = threading.Barrier(9), threading.Barrier(9)
def take():
    libc.malloc(1000)
    all_have.wait()
    may_end.wait()
def size():
    return int(open("/proc/self/statm").read().split()[0]) * 4096
threading.stack_size(2**20)
before = size()
for _ in range(8):
    threading.Thread(target=take).start()
all_have.wait()
print(json.dumps({"more": size() - before}))
may_end.wait()
"""


async def test_threads_share_what_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself glibc reserves 64 MB for each, and a limit of memory counts that."""
    (tmp_path / "threads.py").write_text(THREADS)
    monkeypatch.setattr(worker_process, "_PARENT", tmp_path)
    answer = await ask("threads", {}, Limits(seconds=30))
    assert answer
    assert answer["more"] < 64 * 2**20


async def test_where_none_can_be_started_there_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As when there are as many processes as there may be, or too little memory for one more."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python3")
    assert await ask("threads", {}, Limits(seconds=30)) is None
    assert "No such file or directory: '/nowhere/python3'" in caplog.text


async def test_it_is_waited_for_however_often_its_task_is_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is left running is told of an event loop that is there no longer."""
    (tmp_path / "waits.py").write_text("import signal; signal.pause()")
    monkeypatch.setattr(worker_process, "_PARENT", tmp_path)
    started: asyncio.Future[Process] = asyncio.get_running_loop().create_future()
    start = asyncio.create_subprocess_exec

    async def start_and_tell(*arguments: Any, **options: Any) -> Process:
        started.set_result(await start(*arguments, **options))
        return started.result()

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start_and_tell)
    task = asyncio.create_task(ask("waits", {}, Limits(seconds=60)))
    process = await started
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert process.returncode == -signal.SIGKILL
