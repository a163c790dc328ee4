"""The panel behind an EPD directory, as served by epdfuse and by gratis' epd_fuse (version 4).

Facts: the directory contract in docs/contracts.md. Frames go through the files below `LE`, where
the most significant bit of a byte is its left pixel; in `display` and `current` it is the right.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from typing import TYPE_CHECKING

from inkstand.errors import FrameError, PanelError, PanelFailedError, PanelUnavailableError
from inkstand.frame import Frame
from inkstand.panel.base import PanelInfo, Refresh

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PANEL_LINE = re.compile(r"(EPD \d+\.\d+) (\d+)x(\d+) COG \d+(?: FILM (\d+))?")
# Film 230 takes the command and refreshes in full; older drivers do not name the film.
_FILMS_WITH_PARTIAL = ("231", "110")
_NO_ERROR = ("OK", "Undefined")
_LONGEST_REASON = 500
_GONE = {
    errno.ENOENT: "no driver is mounted there",
    errno.ENOTDIR: "no driver is mounted there",
    errno.ENOTCONN: "the driver has died",
    errno.ECONNABORTED: "the driver has died",
    errno.EACCES: "this user may not use it",
    errno.EPERM: "this user may not use it",
    errno.ENODEV: "there is no such device",
    errno.ENXIO: "there is no such device",
}


class EpdPanel:
    """The panel whose driver serves `directory`; holds no file open between two calls."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def info(self) -> PanelInfo:
        """Return what the file `panel` says."""
        line = self._read("panel").decode("ascii", "replace").strip()
        match = _PANEL_LINE.fullmatch(line)
        if match is None:
            raise PanelUnavailableError(f"{self._directory}/panel says {line!r}: not a known panel")
        name, width, height, film = match.groups()
        return PanelInfo(name, int(width), int(height), partial=film in _FILMS_WITH_PARTIAL)

    def current(self) -> Frame:
        """Return what is on the glass now, as the driver knows it."""
        info = self.info()
        data = self._read("LE/current")
        try:
            return Frame(*info.size, data)
        except FrameError as error:
            raise PanelUnavailableError(f"{self._directory}/LE/current: {error}") from error

    def error(self) -> str | None:
        """Return what the driver says went wrong with the last command, or None."""
        text = self._read("error").decode("ascii", "replace").strip()
        return None if text in _NO_ERROR else text

    def set_temperature(self, celsius: int) -> None:
        """Tell the driver how warm it is, from -99 to 99 degrees."""
        self._write("temperature", f"{celsius:3d}\n".encode())

    def show(self, frame: Frame, refresh: Refresh) -> None:
        """Bring `frame` onto the glass and return when the panel has finished."""
        info = self.info()
        if frame.size != info.size:
            raise FrameError(f"{info.name} takes {info.width}x{info.height}, not {frame.size}")
        if refresh is not Refresh.CLEAR:
            self._write("LE/display", frame.data)
        self._command(refresh)

    def _command(self, refresh: Refresh) -> None:
        try:
            self._write("command", refresh.value.encode())
        except PanelFailedError as error:
            reason = self.error() or str(error)
            raise PanelFailedError(f"the panel failed: {reason}") from error

    def _read(self, name: str) -> bytes:
        with self._translated():
            return (self._directory / name).read_bytes()

    def _write(self, name: str, data: bytes) -> None:
        # Neither O_CREAT nor O_TRUNC: with no driver mounted nothing must come into being there.
        with self._translated():
            descriptor = os.open(self._directory / name, os.O_WRONLY)
            try:
                _write_all(descriptor, data)
            finally:
                os.close(descriptor)

    def _reason(self) -> str:
        """Return why the driver says that no panel answers; nothing when it says nothing."""
        try:
            text = (self._directory / "reason").read_bytes()[:_LONGEST_REASON]
        except OSError:
            return ""
        return " ".join(text.decode("utf-8", "replace").split())

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._panel_error(error) from error

    def _panel_error(self, error: OSError) -> PanelError:
        if error.errno in _GONE:
            why = self._reason() or _GONE[error.errno]
            return PanelUnavailableError(f"no panel at {self._directory}: {why}")
        return PanelFailedError(f"the driver says: {error.strerror}")


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
