"""`python -m inkbench`: one table, goal and result."""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from inkbench import arm, blocks, latency, rest, rotation, viewers
from tools.common.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DESCRIPTORS_A_VIEWER = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; `good` is None where there is no goal to meet."""

    what: str
    goal: str
    result: str
    good: bool | None = None

    @property
    def verdict(self) -> str:
        """What to make of it."""
        return {True: "yes", False: "NO", None: ""}[self.good]


def latency_rows(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield how soon a message is on its way to the glass."""
    what, goal = "POST to first byte in `display`, median", "<= 20 ms"
    if reason := latency.why_not():
        yield Row(what, goal, f"not measured: {reason}")
        return
    found = latency.measure(folder, options.times)
    middle = latency.median(found)
    spread = f"{middle:.1f} ms ({found[0]:.1f} to {found[-1]:.1f}, {len(found)} times)"
    yield Row(what, goal, spread, middle <= 20)  # noqa: PLR2004


def viewer_rows(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield whether all viewers get all frames, and what that costs."""
    for protocol in ("sse", "websocket"):
        state = folder / protocol
        state.mkdir()
        found = viewers.measure(state, protocol, options.viewers, options.frames)
        name = f"{found.viewers} viewers by {protocol}"
        got = f"{found.complete} of {found.viewers} got all {found.frames} frames"
        yield Row(f"{name}: every one gets each frame", "all", got, found.complete == found.viewers)
        yield Row(f"{name}: processor time an event delivered", "-", f"{found.cost:.0f} µs")
        yield Row(f"{name}: slowest from request to last viewer", "-", f"{found.slowest:.2f} s")


def idle_rows(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield what the app does while it shows the clock."""
    found = rest.idle(folder, options.minutes)
    name = f"idle for {found.minutes:.0f} min"
    rate = found.beyond_rate
    beyond = f"{rate:.2f} ({found.beyond} in all)"
    yield Row(f"{name}: wake-ups a second beyond the minute tick", "<= 0.1", beyond, rate <= 0.1)  # noqa: PLR2004
    yield Row(f"{name}: context switches a tick", "-", f"{found.at_tick / found.minutes:.0f}")
    yield Row(f"{name}: processor time a minute", "-", f"{found.cpu_ms / found.minutes:.0f} ms")
    yield Row(f"{name}: PSS", "<= 40 MB", f"{found.pss:.1f} MB", found.pss <= 40)  # noqa: PLR2004


def pack_rows(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield what the app takes while packs take turns."""
    found = rotation.measure(folder, options.minutes)
    name = f"{len(rotation.PACKS)} packs in turns for {found.minutes} min"
    yield Row(f"{name}: PSS of the app", "<= 64 MB", f"{found.app:.1f} MB", found.app <= 64)  # noqa: PLR2004
    yield Row(f"{name}: RSS of the largest process that draws", "-", f"{found.worker:.1f} MB")
    beyond = f"{found.beyond_rate:.2f}, with {found.requests} requests"
    yield Row(f"{name}: wake-ups a second beyond the minute tick", "-", beyond)


def memory_rows(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield whether memory grows with requests."""
    found = rest.memory(folder, options.requests)
    name = f"PSS after {options.requests} requests"
    result = f"{found.end:.1f} MB (idle {found.idle:.1f}, after half {found.half:.1f})"
    yield Row(f"{name}, growth in the second half", "<= 1 MB", result, found.growth <= 1)


def block_rows(_options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield how long the event loop stands still."""
    found = blocks.measure(folder)
    number = sum(found.answers.values())
    answers = ", ".join(f"{count} {kind}" for kind, count in sorted(found.answers.items()))
    what = f"longest step of the event loop under {number} bad requests"
    result = f"{found.clock:.0f} ms, {found.work:.0f} ms of it at work ({found.worst})"
    yield Row(what, "<= 50 ms", result, found.clock <= 50)  # noqa: PLR2004
    yield Row("answers to them", "no 5xx", answers, "5xx" not in found.answers)


def arm_rows(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Yield what the app takes of a Pi's processor, beside a stand-in."""
    try:
        standin, app = arm.measure(folder, options.starts)
    except ToolError as error:
        raise SystemExit(f"\n{error}") from None
    for what, name, goal in arm.QUESTIONS:
        ours, theirs = app.millions(name), standin.millions(name)
        result = f"{ours:.1f} M beside {theirs:.1f} M: {ours / theirs:.2f} x"
        wanted = f"<= {goal} x the stand-in's" if goal else "-"
        yield Row(what, wanted, result, ours <= goal * theirs if goal else None)
    for what, name, most in arm.ABSOLUTE:
        ours = app.millions(name)
        wanted = f"<= {most / 1e6:.0f} M" if most else "-"
        yield Row(what, wanted, f"{ours:.1f} M", ours * 1e6 <= most if most else None)


PARTS: dict[str, Callable[[argparse.Namespace, Path], Iterator[Row]]] = {
    "latency": latency_rows,
    "viewers": viewer_rows,
    "blocks": block_rows,
    "memory": memory_rows,
    "idle": idle_rows,
    "packs": pack_rows,
    "arm": arm_rows,
}
# Those are made with an emulator, which has to be installed first (root).
ONLY_WHEN_ASKED = {"arm"}


def main() -> int:
    """Measure what is asked for, and print the table."""
    options = _options()
    _allow_files(options.viewers * _DESCRIPTORS_A_VIEWER + 1000)
    rows: list[Row] = []
    for name in options.only or [name for name in PARTS if name not in ONLY_WHEN_ASKED]:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += _part(PARTS[name], options)
    print(machine(), "", *table(rows), sep="\n")
    return 0


def machine() -> str:
    """Return where this was measured."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    processor = f"{len(names)} x {names[0]}" if names else platform.machine()
    load = Path("/proc/loadavg").read_text().split()[0]
    python = f"Python {platform.python_version()}, Linux {platform.release()}"
    return f"{time.strftime('%Y-%m-%d %H:%M')}, {processor}, {python}, load {load}"


def table(rows: list[Row]) -> list[str]:
    """Return the rows as a table in Markdown."""
    lines = [f"| {r.what} | {r.goal} | {r.result} | {r.verdict} |" for r in rows]
    return ["| what | goal | result | met |", "|---|---|---|---|", *lines]


def _part(
    rows: Callable[[argparse.Namespace, Path], Iterator[Row]], options: argparse.Namespace
) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="inkstand-bench-", dir=options.directory) as folder:
        return list(rows(options, Path(folder)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="inkbench", description="How fast is Inkstand here?")
    add = partial(parser.add_argument, type=int)
    add("--times", default=25, help="messages whose way to the panel is timed (default: 25)")
    add("--viewers", default=32, help="default: 32, as many as one token may have")
    add("--frames", default=6, help="frames that the viewers are told (default: 6)")
    add("--minutes", default=1, help="how long to look at the idle app (default: 1; the goal: 10)")
    add("--requests", default=20_000, help="default: 20000; the goal: 100000")
    add("--starts", default=3, help="of the app and of its stand-in, counted (default: 3)")
    where = "where databases are made (default: the directory for temporary files)"
    parser.add_argument("--directory", type=Path, help=where)
    parser.add_argument("only", nargs="*", metavar="PART", help=f"only these: {', '.join(PARTS)}")
    options = parser.parse_args()
    if unknown := set(options.only) - set(PARTS):
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return options


def _allow_files(number: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(number, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
