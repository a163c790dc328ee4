"""Work that is done by a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inkstand import worker_process
from inkstand.worker_process import Limits, ask

if TYPE_CHECKING:
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
