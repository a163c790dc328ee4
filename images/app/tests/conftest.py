"""What several kinds of tests need: settings, a password, a display that runs."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import argon2
import pytest
from PIL import Image, ImageChops

from inkstand.clock import ManualClock
from inkstand.config import Settings
from inkstand.display.display import Display
from inkstand.events import Event, FrameShown, Hub, Listener, PanelChanged
from inkstand.panel.memory import MemoryPanel
from inkstand.rendering import fonts
from inkstand.screens import ClockScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

PASSWORD = "correct horse battery staple"
MORNING = datetime(2026, 11, 21, 9, 30, 20, tzinfo=UTC)
# Under an emulator everything takes longer.
PATIENCE = float(os.environ.get("INKSTAND_TEST_PATIENCE", "60"))
DRIVER = Path(__file__).parents[3] / "driver" / "src"
DATA = Path(__file__).parent / "data"
# Another FreeType may set a few pixels of a letter otherwise; a wrong line sets hundreds.
TOLERANCE = 0.004


@pytest.fixture
def password() -> str:
    return PASSWORD


@pytest.fixture(scope="session")
def password_hash() -> str:
    return argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def make_settings(password_hash: str, tmp_path: Path) -> Callable[..., Settings]:
    """Settings for a test, with secrets and a directory; keywords change them."""

    def make(**changes: Any) -> Settings:
        values = {
            "password_hash": password_hash,
            "token_secret": "0123456789abcdef" * 2,
            "state_directory": tmp_path / "state",
            "waiting_max": 100_000,
            **changes,
        }
        return Settings(**values)

    return make


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    """Wait until a condition holds, checked again whenever the loop had a turn."""

    async def wait(condition: Callable[[], object], *, within: float = PATIENCE) -> None:
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            await asyncio.sleep(0.005)

    return wait


@dataclass
class Stage:
    """A display on a memory panel, by a clock that stands still, and what it published."""

    panel: MemoryPanel
    display: Display
    clock: ManualClock
    hub: Hub
    listener: Listener
    seen: list[Event] = field(default_factory=list)

    async def next_event(self, kind: type) -> Any:
        """Return the next event of that kind."""
        async with asyncio.timeout(PATIENCE):
            async for event in self.listener:
                self.seen.append(event)
                if isinstance(event, kind):
                    return event
        raise AssertionError

    async def next_frame(self) -> FrameShown:
        """Return what comes onto the glass next."""
        shown = await self.next_event(FrameShown)
        assert isinstance(shown, FrameShown)
        return shown

    async def next_change(self) -> PanelChanged:
        """Return the next time that the panel fails or is well again."""
        changed = await self.next_event(PanelChanged)
        assert isinstance(changed, PanelChanged)
        return changed


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A display that shows the clock at half past nine."""
    clock, hub, panel = ManualClock(MORNING), Hub(), MemoryPanel(264, 176)
    display = Display(panel, clock, hub, ClockScreen())
    with hub.listen() as listener:
        stage = Stage(panel, display, clock, hub, listener)
        task = asyncio.create_task(display.run())
        await stage.next_frame()
        await clock.wait_for_sleeper()
        yield stage
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Driver:
    """An epdfuse of its own, with a simulated panel that takes no time, or that of a real one."""

    def __init__(self, folder: Path) -> None:
        self.timing = "fast"
        self.directory = folder / "panel"
        self._state = folder / "state"
        self._notices = folder / "notices"
        self._process: subprocess.Popen[bytes] | None = None
        self.directory.mkdir()
        self._state.mkdir()

    @property
    def glass_picture(self) -> Path:
        """What the simulated panel shows, as a PNG."""
        return self._state / "glass.png"

    def start(self) -> None:
        """Mount it and return when it says that it serves, as it tells systemd."""
        options = ["--panel=2.7", "--bus=simulated", f"--simulated-timing={self.timing}"]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(str(self._notices))
            ready.settimeout(PATIENCE)
            self._process = self._popen("mount", *options, str(self.directory))
            while b"READY=1" not in ready.recv(4096):
                pass
        self._notices.unlink()

    def kill(self) -> None:
        """Kill it as the kernel would; the mount stays, dead."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Do what the unit does: unmount lazily, mount again."""
        self.unmount()
        self.start()

    def unmount(self) -> None:
        """Take the mount away, whatever state it is in."""
        command = ["fusermount3", "-u", "-z", str(self.directory)]
        subprocess.run(command, capture_output=True, check=False)

    def fail(self, how: str) -> None:
        """Make the simulated panel fail that way from the next command on."""
        assert self._popen("simulate", "fail", how).wait(PATIENCE) == 0

    def stop(self) -> None:
        """End it and leave nothing."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
        self.unmount()

    def _popen(self, command: str, *arguments: str) -> subprocess.Popen[bytes]:
        state = f"--state-directory={self._state}"
        # Told to end with the tests, so that a run that is cut off leaves no mount.
        ends_with_us = ["setpriv", "--pdeathsig", "TERM"]
        line = [*ends_with_us, sys.executable, "-m", "epdfuse", command, state, *arguments]
        added = {"PYTHONPATH": str(DRIVER), "NOTIFY_SOCKET": str(self._notices)}
        return subprocess.Popen(line, env={**os.environ, **added})


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB, in memory."""
    if os.geteuid() or shutil.which("mount") is None:
        pytest.skip("mounting a small file system needs root")
    directory = tmp_path / "disk"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", str(directory)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted: {mounted.stderr.strip()}")
    yield directory
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    """A running epdfuse, mounted at `driver.directory`."""
    if not Path("/dev/fuse").exists():
        pytest.skip("this machine has no /dev/fuse")
    if shutil.which("fusermount3") is None:
        pytest.skip("fusermount3 is not installed (Debian package fuse3)")
    if importlib.util.find_spec("pyfuse3") is None or not DRIVER.exists():
        pytest.skip("pyfuse3 or the driver is not here")
    driver = Driver(tmp_path)
    try:
        driver.start()
        yield driver
    finally:
        driver.stop()


@pytest.fixture
def golden() -> Callable[[str, Image.Image], None]:
    """Compare a picture with the one of that name; INKSTAND_GOLDEN=write keeps it instead."""
    names = (*fonts.FILES, *fonts.FALLBACKS.values())
    missing = [name for name in names if not (fonts.FONT_FOLDER / name).is_file()]
    if missing:
        pytest.skip(f"the pictures are drawn with fonts that are not installed: {missing}")
    return _write if os.environ.get("INKSTAND_GOLDEN") == "write" else _compare


def _write(name: str, image: Image.Image) -> None:
    image.save(DATA / f"{name}.png", optimize=True)


def _compare(name: str, image: Image.Image) -> None:
    expected = Image.open(DATA / f"{name}.png").convert("1")
    assert image.size == expected.size
    different = ImageChops.logical_xor(image, expected).convert("L").histogram()[255]
    assert different <= TOLERANCE * image.width * image.height, f"{different} pixels of {name}"
