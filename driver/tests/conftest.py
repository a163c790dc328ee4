"""Panels, frames and real mounts for the tests."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from epdfuse.panel.spec import PanelSpec, panel_spec

SOURCE = Path(__file__).parents[1] / "src"
DEADLINE_S = 60.0
EPDFUSE = (sys.executable, "-P", "-m", "epdfuse")
# A run of the tests that is cut off leaves no mount: the driver is told to end.
ENDS_WITH_THE_TESTS = ("setpriv", "--pdeathsig", "TERM")


@pytest.fixture
def spec() -> PanelSpec:
    return panel_spec("2.7")


@pytest.fixture
def old(spec: PanelSpec) -> bytes:
    return bytes((37 * i + 11) % 256 for i in range(spec.frame_bytes))


@pytest.fixture
def new(spec: PanelSpec) -> bytes:
    return bytes(((101 * i + 7) ^ (i >> 3)) % 256 for i in range(spec.frame_bytes))


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {DEADLINE_S} s"
        time.sleep(0.01)


@pytest.fixture
def until() -> Callable[[Callable[[], bool], str], None]:
    """Wait for a condition; fail after a deadline."""
    return _until


@dataclass
class Driver:
    """One `epdfuse mount` as a process, told and asked as a user would."""

    home: Path
    arguments: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None

    @property
    def files(self) -> Path:
        return self.home / "panel"

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def memory(self) -> Path:
        """What a reboot or a power cut takes."""
        return self.home / "run"

    @property
    def _log_file(self) -> Path:
        return self.home / "log"

    @property
    def log(self) -> str:
        """What it said since it was started; a file, because nobody empties a pipe meanwhile."""
        return self._log_file.read_text()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line once."""
        return subprocess.run(
            [*EPDFUSE, *arguments],
            env=self._env(),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    def simulate(self, *arguments: str) -> str:
        result = self.run("simulate", "--state-directory", str(self.state), *arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def mount_arguments(self, *more: str) -> list[str]:
        kept = ["--state-directory", str(self.state), "--runtime-directory", str(self.memory)]
        fixed = ["mount", "--panel", "2.7", "--bus", "simulated", *kept]
        return [*fixed, *self.arguments, *more, str(self.files)]

    def start(self) -> None:
        """Start and wait for the message that tells systemd that it is ready."""
        path = self.home / "notify"
        path.unlink(missing_ok=True)
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel,
            self._log_file.open("w") as log,
        ):
            channel.bind(str(path))
            channel.setblocking(False)
            self.process = subprocess.Popen(
                [*ENDS_WITH_THE_TESTS, *EPDFUSE, *self.mount_arguments()],
                env=self._env() | {"NOTIFY_SOCKET": str(path)},
                stderr=log,
            )
            _until(lambda: self._heard(channel), "readiness")

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for the end; the exit code, negative for a signal."""
        assert self.process is not None
        return self.process.wait(timeout=DEADLINE_S)

    def unmount(self) -> None:
        command = ["umount", "--lazy"] if os.geteuid() == 0 else ["fusermount3", "-uz"]
        subprocess.run([*command, str(self.files)], check=False, capture_output=True)

    def crash(self) -> None:
        """Kill -9, then what systemd does before it starts the unit again."""
        self.signal(signal.SIGKILL)
        self.wait()
        self.unmount()

    def boot(self) -> None:
        """Start it when the machine was off."""
        shutil.rmtree(self.memory)
        self.start()

    def frame(self, name: str = "current") -> bytes:
        return (self.files / name).read_bytes()

    def text(self, name: str) -> str:
        return (self.files / name).read_text()

    def command(self, letter: str) -> None:
        """Write a command; raises OSError as the driver answers."""
        with (self.files / "command").open("wb", buffering=0) as file:
            file.write(letter.encode())

    def show(self, frame: bytes, letter: str = "U") -> None:
        (self.files / "display").write_bytes(frame)
        self.command(letter)

    def clean_up(self) -> None:
        self.unmount()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _heard(self, channel: socket.socket) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"it ended: {self.log}"
        try:
            return channel.recv(100) == b"READY=1"
        except BlockingIOError:
            return False

    def _env(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": str(SOURCE)}


def _why_no_fuse() -> str | None:
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse is missing or may not be opened"
    if os.geteuid() != 0 and not shutil.which("fusermount3"):
        return "mounting needs root or fusermount3"
    return None


@contextmanager
def _workshop() -> Iterator[Callable[..., Driver]]:
    """Make drivers that are not started yet; each has a directory that others may enter."""
    reason = _why_no_fuse()
    if reason:
        pytest.skip(reason)
    with ExitStack() as stack:

        def make(*arguments: str) -> Driver:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="epdfuse-")))
            home.chmod(0o755)
            driver = Driver(home, arguments or ("--simulated-timing", "fast"))
            driver.files.mkdir()
            stack.callback(driver.clean_up)
            return driver

        yield make


@pytest.fixture
def new_driver() -> Iterator[Callable[..., Driver]]:
    """Make drivers that are not started yet."""
    with _workshop() as make:
        yield make


@pytest.fixture(scope="class")
def untouched() -> Iterator[Driver]:
    """A running driver for all tests of a class, which only look, or are refused."""
    with _workshop() as make:
        running = make("--simulated-timing", "fast", "--allow-other")
        running.start()
        yield running


@pytest.fixture
def driver(new_driver: Callable[..., Driver]) -> Driver:
    """A running driver whose panel takes no time."""
    running = new_driver()
    running.start()
    return running
