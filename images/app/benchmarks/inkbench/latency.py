"""From POST to the first byte in `display`, with the real driver and its simulated panel."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkbench import load
from inkbench.processes import ROOT, log_in, ours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inkbench.processes import Server

_IN_MODIFY = 2
_PATIENCE = 30.0


def why_not() -> str | None:
    """Return why this cannot be measured here, or None."""
    if not Path("/dev/fuse").exists():
        return "no /dev/fuse"
    if shutil.which("fusermount3") is None:
        return "no fusermount3"
    return None


def measure(folder: Path, times: int) -> list[float]:
    """Return milliseconds, sorted: the message is urgent, the glass at rest before each."""
    state = folder / "latency"
    state.mkdir()
    with _driver(folder) as panel, ours(state, panel="epd", panel_directory=str(panel)) as server:
        token = log_in(server)
        _await_rest(server, token)
        with Watch(panel / "LE" / "display") as watch:
            return sorted(_once(server, token, watch, number) for number in range(times))


def median(found: list[float]) -> float:
    """Return the one in the middle."""
    return statistics.median(found)


def _once(server: Server, token: str, watch: Watch, number: int) -> float:
    body = json.dumps({"text": f"Message {number}", "priority": "urgent"}).encode()
    message = load.request("POST", "/api/v1/messages", token, body)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        watch.forget()
        begin = time.perf_counter()
        connection.sendall(message)
        watch.wait()
        took = time.perf_counter() - begin
        connection.recv(65_536)
    _await_rest(server, token)
    return took * 1000


def _await_rest(server: Server, token: str) -> None:
    """Return when the panel shows something, and has shown the same for a moment."""
    deadline, before, same = time.monotonic() + _PATIENCE, None, 0
    while same < 3:  # noqa: PLR2004 - three looks
        if time.monotonic() > deadline:
            raise TimeoutError("the panel does not come to rest")
        time.sleep(0.05)
        panel = _panel(server, token)
        at_rest = panel["frame"] and not panel["refreshing"] and panel["state"] == "ok"
        same = same + 1 if at_rest and panel == before else 0
        before = panel


def _panel(server: Server, token: str) -> Any:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(load.request("GET", "/api/v1/panel", token))
        answer = b""
        while not load.is_complete(answer):
            answer += connection.recv(65_536)
    return json.loads(answer.partition(b"\r\n\r\n")[2])


class Watch:
    """Tells when somebody writes to a file, by inotify(7)."""

    def __init__(self, path: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if libc.inotify_add_watch(self._descriptor, bytes(path), _IN_MODIFY) < 0:
            raise OSError(ctypes.get_errno(), f"cannot watch {path}")

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def forget(self) -> None:
        """Forget what was written before."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._descriptor, 4096):
                pass

    def wait(self) -> None:
        """Return when something is written."""
        if not select.select([self._descriptor], [], [], _PATIENCE)[0]:
            raise TimeoutError("nothing came to the panel")


@contextlib.contextmanager
def _driver(folder: Path) -> Iterator[Path]:
    panel, state = folder / "panel", folder / "driver"
    panel.mkdir()
    state.mkdir()
    options = ["--panel=2.7", "--bus=simulated", "--simulated-timing=fast"]
    line = [sys.executable, "-m", "epdfuse", "mount", f"--state-directory={state}", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "driver" / "src")}
    process = subprocess.Popen([*line, str(panel)], env=environment)
    try:
        _await_mount(process, panel)
        yield panel
    finally:
        process.terminate()
        process.wait(_PATIENCE)
        unmount = ["fusermount3", "-u", "-z", str(panel)]
        subprocess.run(unmount, capture_output=True, check=False)


def _await_mount(process: subprocess.Popen[bytes], panel: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if (panel / "version").exists():
            return
        time.sleep(0.05)
    raise RuntimeError("the driver does not serve")
