"""Every test is of one kind; kinds and reasons of skips are counted for the closing report."""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import json
import os
import re
import signal
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypedDict

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

# It is not there where scenarios look at a Pi, or tests run inside an image.
with contextlib.suppress(ImportError):
    import hypothesis

    # How long an example takes says something of the machine alone.
    hypothesis.settings.register_profile("inkstand", deadline=None)
    hypothesis.settings.load_profile("inkstand")

# In the traceback of a group: what is before the words of one of its exceptions.
_PART = re.compile(r"^ +\| (?=[\w.]+: )")
KINDS = ("unit", "contract", "integration", "e2e")


class Tally(TypedDict):
    """What one run of pytest found: outcomes by kind, the reasons of skips, what failed and why."""

    outcomes: dict[str, Counter[str]]
    skipped: Counter[str]
    failed: dict[str, str]


def _kind(item: pytest.Item) -> str:
    kinds = [kind for kind in KINDS if item.get_closest_marker(kind)]
    if len(kinds) != 1:
        message = f"{item.nodeid}: mark it as one of {', '.join(KINDS)} (it is: {kinds})"
        raise pytest.UsageError(message)
    return kinds[0]


def _is_dead(mountpoint: str) -> bool:
    try:
        os.stat(mountpoint)  # noqa: PTH116  (Path.exists hides the errno that tells)
    except OSError as error:
        return error.errno == errno.ENOTCONN
    return False


def pytest_sessionstart() -> None:
    """Take away dead mounts of a run that was cut off; pytest could not remove their folders."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    places = tuple(f"{tempfile.gettempdir()}/{name}" for name in ("pytest-of-", "epdfuse-"))
    mounts = [it for line in lines if (it := line.split())[1].startswith(places)]
    for source, mountpoint, *_ in mounts:
        if source in {"epdfuse", "faulty"} and _is_dead(mountpoint):
            _free_loops(mounts, Path(mountpoint).parent)
            subprocess.run(["fusermount3", "-u", "-z", mountpoint], check=False)


def _free_loops(mounts: list[list[str]], folder: Path) -> None:
    for source, mountpoint, *_ in mounts:
        if source.startswith("/dev/loop") and folder in Path(mountpoint).parents:
            subprocess.run(["umount", "--lazy", mountpoint], check=False)
            subprocess.run(["losetup", "--detach", source], check=False, capture_output=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each report its kind, and refuse a test without one."""
    for item in items:
        item.user_properties.append(("kind", _kind(item)))


def _counted(report: pytest.TestReport) -> bool:
    return report.when == "call" or report.outcome != "passed"


def _reason(report: pytest.TestReport) -> str:
    longrepr = report.longrepr
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return str(text).removeprefix("Skipped: ")


def _fault(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if not crash:
        return str(report.longrepr)
    return "\n".join([str(crash.message), *_parts(str(report.longrepr))])


def _parts(traceback: str) -> list[str]:
    """Return what the exceptions of a group say, whose own message only counts them."""
    return [part for line in traceback.splitlines() if (part := _PART.sub("", line)) != line]


def _tally(reports: Iterable[pytest.TestReport]) -> Tally:
    tally = Tally(outcomes={}, skipped=Counter(), failed={})
    for report in filter(_counted, reports):
        kind = str(dict(report.user_properties).get("kind", "?"))
        tally["outcomes"].setdefault(kind, Counter())[report.outcome] += 1
        if report.skipped:
            tally["skipped"][f"{kind}: {_reason(report)}"] += 1
        if report.failed:
            tally["failed"][report.nodeid] = _fault(report)
    return tally


def _write(tally: Tally, folder: Path, suite: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{suite}.json").write_text(json.dumps(tally))


def _everything(reporter: pytest.TerminalReporter) -> Tally:
    reports = [report for reports in reporter.stats.values() for report in reports]
    tally = _tally(report for report in reports if isinstance(report, pytest.TestReport))
    for report in reports:
        # A file that cannot even be loaded.
        if isinstance(report, pytest.CollectReport) and report.failed:
            tally["outcomes"].setdefault("?", Counter())["failed"] += 1
            tally["failed"][report.nodeid] = str(report.longrepr)
    return tally


class Course:
    """What was to run, what runs, and why it ended; a run that is cut short says so."""

    def __init__(self) -> None:
        self.wanted: set[str] = set()
        self.running: set[str] = set()
        self.ended: set[str] = set()
        self.reasons: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what this process runs by itself."""
        self.wanted |= {item.nodeid for item in session.items}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Note what the workers run."""
        self.wanted |= set(ids)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note a test that begins, before it is printed."""
        self.running.add(nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Note a test that ends."""
        self.running.discard(nodeid)
        self.ended.add(nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str) -> None:
        """Note a test that took its worker with it; it is reported as failed."""
        self.pytest_runtest_logfinish(crashitem)
        self.reasons += [text for it in _crash_files() if (text := it.read_text())]

    def pytest_internalerror(self, excrepr: object) -> None:
        """Note what pytest itself stumbled over."""
        self.reasons.append(str(excrepr))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note who ended it."""
        self.reasons.append(f"{excinfo.typename}: {excinfo.value}")

    def faults(self, suite: str) -> dict[str, str]:
        """Say what did not run; nothing when all did."""
        missing = len(self.wanted - self.ended)
        if not missing and not self.reasons:
            return {}
        name = f"{suite}: {missing} of {len(self.wanted)} tests did not come to their end"
        return {name: "\n".join([*self.reasons, *(f"ran: {it}" for it in sorted(self.running))])}

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Keep the tally for the closing report when a suite is being run, however it ended."""
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        folder = os.environ.get("INKSTAND_TEST_RESULTS")
        suite = os.environ.get("INKSTAND_TEST_SUITE")
        if reporter and folder and suite:
            tally = _everything(reporter)
            tally["failed"] |= self.faults(suite)
            _write(tally, Path(folder), suite)


def _crash_file(worker: str) -> Path | None:
    """Return where the worker of that name says what it dies of, None when nothing is kept."""
    folder, suite = (os.environ.get(f"INKSTAND_TEST_{it}") for it in ("RESULTS", "SUITE"))
    return Path(folder, f"{suite}.{worker}.crash") if folder and suite else None


def _crash_files() -> list[Path]:
    """Return where workers of this run say what they died of."""
    pattern = _crash_file("*")
    return sorted(pattern.parent.glob(pattern.name)) if pattern else []


def _end(number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt(f"ended by {signal.Signals(number).name}")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Watch the run; a worker of it keeps what it dies of, which pytest writes to nobody."""
    if hasattr(config, "workerinput"):
        if path := _crash_file(config.workerinput["workerid"]):
            path.parent.mkdir(parents=True, exist_ok=True)
            faulthandler.enable(path.open("w"))
    else:
        config.pluginmanager.register(Course())
        # A run that is not done in time is told to end: it names what ran then.
        signal.signal(signal.SIGTERM, _end)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print counts by kind."""
    for kind, counts in _everything(terminalreporter)["outcomes"].items():
        found = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
        terminalreporter.write_line(f"{kind}: {found}")
