"""The bridge's end of the control socket."""

import asyncio
import errno
import json
import os
import socket
from pathlib import Path

from pigpiod_bridge.clock import Clock
from pigpiod_bridge.control import DRIVES, LINE_LIMIT, ControlError, Level, Order, decode
from pigpiod_bridge.lines import LineError
from pigpiod_bridge.press import Finger, Press
from pigpiod_bridge.simulated import SimulatedLines


class ControlServer:
    """Carries out orders on simulated lines."""

    def __init__(self, lines: SimulatedLines, clock: Clock) -> None:
        self._lines = lines
        self._finger = Finger(lines, clock)

    async def start(self, path: Path) -> asyncio.Server:
        """Serves at ``path``, which only this user may open.

        Raises:
            OSError: the socket cannot be made there.
        """
        return await asyncio.start_unix_server(
            self._serve, sock=_private_socket(path), limit=LINE_LIMIT
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(json.dumps(await self._answer(reader)).encode() + b"\n")
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> dict[str, int | str]:
        try:
            order = decode(await reader.readline())
            await self._carry_out(order)
        except (ControlError, LineError, ValueError) as error:  # ValueError: the line is too long
            return {"error": str(error)}
        return {"level": self._lines.read(order.gpio)}

    async def _carry_out(self, order: Order) -> None:
        if isinstance(order, Press):
            await self._press(order)
        else:
            self._connect(order)

    async def _press(self, press: Press) -> None:
        released = asyncio.Event()
        self._finger.press(press, released.set)
        await released.wait()

    def _connect(self, level: Level) -> None:
        if level.to is not None:
            self._lines.drive(level.gpio, DRIVES[level.to])


def _private_socket(path: Path) -> socket.socket:
    try:
        _require_unused(path)
        return _bind(path)
    except OSError as error:
        raise OSError(
            f"cannot make the control socket {path}: {error.strerror};"
            " another place can be given with --control"
        ) from error


def _require_unused(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise OSError(errno.EADDRINUSE, "another bridge has it")


def _bind(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(mask)
    return listener
