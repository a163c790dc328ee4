"""Every implementation of a panel, with a way to break it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from inkstand.display.turned import TurnedPanel
from inkstand.errors import PanelFailedError
from inkstand.panel import Panel, Refresh
from inkstand.panel.epd import EpdPanel
from inkstand.panel.memory import MemoryPanel

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 264, 176
LENGTH = WIDTH * HEIGHT // 8


class Bench(Protocol):
    """A panel under test and what may happen to it."""

    @property
    def panel(self) -> Panel:
        """The panel."""

    def break_panel(self) -> None:
        """Make every command fail with `Panel broken`."""

    def mend(self) -> None:
        """End that."""

    def temperature(self) -> int:
        """Return how warm the driver believes that it is."""

    def kill_driver(self) -> None:
        """Make the driver die."""

    def restart_driver(self) -> None:
        """Bring it back, with the glass as it was."""


class MemoryBench:
    """The panel in memory."""

    def __init__(self) -> None:
        self.panel = MemoryPanel(WIDTH, HEIGHT)
        self.mend = self.restart_driver = self.panel.heal
        self.kill_driver = self.panel.vanish

    def break_panel(self) -> None:
        self.panel.fail("Panel broken")

    def temperature(self) -> int:
        return self.panel.temperature


class StandIn(EpdPanel):
    """A plain directory with the files of the EPD directory; what a command does is done here."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.broken = False
        (directory / "LE").mkdir(parents=True, exist_ok=True)
        files = {
            "panel": f"EPD 2.7 {WIDTH}x{HEIGHT} COG 2 FILM 231\n".encode(),
            "LE/current": bytes(LENGTH),
            "LE/display": bytes(LENGTH),
            "command": b"",
            "error": b"Undefined\n",
            "temperature": b" 25\n",
        }
        for name, content in files.items():
            (directory / name).write_bytes(content)

    def _write(self, name: str, data: bytes) -> None:
        super()._write(name, data)
        if name == "command":
            self._do(Refresh(data.decode()))

    def _do(self, refresh: Refresh) -> None:
        (self._directory / "error").write_bytes(b"Panel broken\n" if self.broken else b"OK\n")
        if self.broken:
            raise PanelFailedError("Input/output error")
        shown = self._directory / "LE" / "display"
        content = bytes(LENGTH) if refresh is Refresh.CLEAR else shown.read_bytes()
        (self._directory / "LE" / "current").write_bytes(content)


class DirectoryBench:
    """The EPD directory as plain files."""

    def __init__(self, folder: Path) -> None:
        self._there, self._away = folder / "panel", folder / "away"
        self.panel = StandIn(self._there)

    def break_panel(self) -> None:
        self.panel.broken = True

    def mend(self) -> None:
        self.panel.broken = False

    def temperature(self) -> int:
        return int((self._there / "temperature").read_text())

    def kill_driver(self) -> None:
        self._there.rename(self._away)

    def restart_driver(self) -> None:
        self._away.rename(self._there)


class DriverBench:
    """The EPD directory as epdfuse serves it."""

    def __init__(self, driver: Any) -> None:
        self.panel: Panel = EpdPanel(driver.directory)
        self.kill_driver, self.restart_driver = driver.kill, driver.restart
        self._driver = driver

    def temperature(self) -> int:
        return int((self._driver.directory / "temperature").read_text())

    def break_panel(self) -> None:
        self._driver.fail("broken")

    def mend(self) -> None:
        self._driver.fail("ok")


class TurnedMemoryBench:
    """A panel in memory that stands on its side."""

    def __init__(self) -> None:
        inside = MemoryPanel(HEIGHT, WIDTH)
        self.panel = TurnedPanel(inside, 90)
        self.mend = self.restart_driver = inside.heal
        self.kill_driver = inside.vanish
        self.break_panel = partial(inside.fail, "Panel broken")
        self._inside = inside

    def temperature(self) -> int:
        return self._inside.temperature


class TurnedDriverBench(DriverBench):
    """The EPD directory as epdfuse serves it, of a panel that hangs upside down."""

    def __init__(self, driver: Any) -> None:
        super().__init__(driver)
        self.panel = TurnedPanel(self.panel, 180)


@pytest.fixture(params=["memory", "directory", "epdfuse", "memory turned", "epdfuse turned"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """One implementation after the other."""
    match request.param:
        case "memory":
            return MemoryBench()
        case "directory":
            return DirectoryBench(tmp_path)
        case "memory turned":
            return TurnedMemoryBench()
        case "epdfuse turned":
            return TurnedDriverBench(request.getfixturevalue("driver"))
    return DriverBench(request.getfixturevalue("driver"))
