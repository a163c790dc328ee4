"""How fast the driver is: `python driver/benchmarks/bench.py` prints a table.

What encoding costs is compared with the same work done byte by byte; how long updates take,
with the physics of the glass; memory and wake-ups are those of a real mount. With `--arm`
ARM instructions are counted too (pi_images/counting.py installs what that needs, as root).
"""

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE.parent / "src"
sys.path[:0] = [str(SOURCE), str(HERE.parents[1])]

from driver.benchmarks import work  # noqa: E402 - it needs the path
from pi_images import counting  # noqa: E402

FRAMES = 40
START_S = 30.0
PHYSICS = {"update": 3.420, "partial, power off": 0.988, "partial, powered": 0.630}
"""Seconds at 25 °C on film 231, 2.7 inch (docs/contracts.md): what the glass itself needs."""
GOALS = {"update": 1.02, "partial, power off": 1.05, "partial, powered": 1.05}


def main() -> None:
    """Measure, and print each line of the table when it is known."""
    options = _options()
    _check_same_bytes()
    print("| what | byte by byte | epdfuse | ratio | goal |\n|---|---:|---:|---:|---|")
    _print_cpu_time()
    if options.arm:
        _print_instructions()
    with _mounted() as (driver, panel):
        _print_updates(panel)
        _print_idle(driver, options.idle_seconds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--arm", action="store_true", help="count ARM instructions too (root)")
    parser.add_argument("--idle-seconds", type=float, default=20.0, metavar="SECONDS")
    return parser.parse_args()


def _check_same_bytes() -> None:
    """Both ways must send the same, or comparing them says nothing."""
    sent: list[bytes] = []
    work.bytewise(sent.append)()
    if sent[2::6] != list(work.encoded()):
        raise SystemExit("the two ways do not send the same bytes")


def _print_cpu_time() -> None:
    slow, fast = _cpu_ms(work.bytewise()), _cpu_ms(work.ours())
    print(
        f"| CPU time of a frame (encode, 176 lines) | {slow:.2f} ms | {fast:.3f} ms "
        f"| {slow / fast:.1f} x less | ≥ 10 x |",
        flush=True,
    )


def _cpu_ms(frame: Callable[[], None]) -> float:
    """Least of five measurements: what is more was somebody else's."""
    frame()
    return min(_cpu_of(frame) for _ in range(5)) * 1000 / FRAMES


def _cpu_of(frame: Callable[[], None]) -> float:
    began = time.process_time()
    for _ in range(FRAMES):
        frame()
    return time.process_time() - began


def _print_instructions() -> None:
    with tempfile.TemporaryDirectory(prefix="epdfuse-bench-") as directory:
        emulator = counting.emulator(Path(directory))
        slow, fast = (_instructions(emulator, way) for way in ("bytewise", "ours"))
    print(
        f"| ARM instructions of a frame | {slow / 1e6:.2f} M | {fast / 1e6:.3f} M "
        f"| {slow / fast:.1f} x less | ≥ 10 x |",
        flush=True,
    )


def _instructions(emulator: counting.Emulator, way: str) -> float:
    """What a frame costs when all is warm: ten more frames, divided."""
    few, many = (_counted(emulator, way, str(frames)) for frames in (2, 12))
    return (many - few) / 10


def _counted(emulator: counting.Emulator, *arguments: str) -> int:
    python, counter = emulator.python(emulator.plugin.with_name("counts"))
    # The same hashes each time, or dictionaries would differ from run to run.
    environment = os.environ | {"PYTHONPATH": str(SOURCE), "PYTHONHASHSEED": "0"}
    command = [*python, "-S", "-B", str(HERE / "work.py"), *arguments]
    subprocess.run(command, env=environment, check=True)
    return counter.read()


@contextmanager
def _mounted() -> Iterator[tuple[int, Path]]:
    """Give process id and directory of a driver with a simulated panel of real timing."""
    with tempfile.TemporaryDirectory(prefix="epdfuse-bench-") as directory:
        home = Path(directory)
        (home / "panel").mkdir()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(str(home / "notify"))
            ready.settimeout(START_S)
            driver = _start(home)
            try:
                ready.recv(100)
                yield driver.pid, home / "panel"
            finally:
                driver.terminate()
                driver.wait()


def _start(home: Path) -> subprocess.Popen[bytes]:
    fixed = ["mount", "--panel", "2.7", "--bus", "simulated", "--state-directory"]
    environment = os.environ | {
        "PYTHONPATH": str(SOURCE),
        "NOTIFY_SOCKET": str(home / "notify"),
    }
    places = [str(home / "state"), str(home / "panel")]
    command = [sys.executable, "-P", "-m", "epdfuse", *fixed, *places]
    return subprocess.Popen(command, env=environment)


def _print_updates(panel: Path) -> None:
    """From power off: an update, a partial one that leaves the power on, one more; then rest.

    Least of three: what is more was somebody else's.
    """
    rounds = [[_took(panel, letter) for letter in "UPPU"][:3] for _ in range(3)]
    for what, took in zip(PHYSICS, map(min, zip(*rounds, strict=True)), strict=True):
        ratio = took / PHYSICS[what]
        print(
            f"| {what} (physics {PHYSICS[what]:.2f} s) | | {took:.3f} s | {ratio:.3f} x physics "
            f"| ≤ {GOALS[what]} x |",
            flush=True,
        )


def _took(panel: Path, letter: str) -> float:
    (panel / "display").write_bytes(bytes(work.FRAME))
    began = time.monotonic()
    with (panel / "command").open("wb", buffering=0) as command:
        command.write(letter.encode())
    return time.monotonic() - began


def _print_idle(driver: int, seconds: float) -> None:
    print(f"| memory (PSS) | | {_pss_mb(driver):.1f} MB | | ≤ 30 MB |", flush=True)
    _wait_for_one_thread(driver)
    before = _wake_ups(driver)
    time.sleep(seconds)
    woken = (_wake_ups(driver) - before) * 60 / seconds
    print(f"| wake-ups of the idle driver a minute | | {woken:g} | | 0 |")


def _wait_for_one_thread(process: int) -> None:
    """Threads that drew end some seconds later, which is no wake-up of an idle driver."""
    deadline = time.monotonic() + START_S
    while len(list(Path(f"/proc/{process}/task").iterdir())) > 1:
        if time.monotonic() > deadline:
            raise SystemExit("the driver keeps its threads")
        time.sleep(0.1)


def _pss_mb(process: int) -> float:
    text = Path(f"/proc/{process}/smaps_rollup").read_text("ascii")
    return int(re.search(r"^Pss: +(\d+)", text, re.MULTILINE)[1]) / 1024  # type: ignore[index]


def _wake_ups(process: int) -> int:
    tasks = Path(f"/proc/{process}/task").glob("*/status")
    found = (re.findall(r"ctxt_switches:\t(\d+)", task.read_text("utf-8")) for task in tasks)
    return sum(int(number) for numbers in found for number in numbers)


if __name__ == "__main__":
    main()
