"""Every test is of one kind; kinds and reasons of skips are counted for the closing report."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    ours = [line.split()[1] for line in mounts if line.startswith("epdfuse ")]
    places = tuple(f"{tempfile.gettempdir()}/{name}" for name in ("pytest-of-", "epdfuse-"))
    for mountpoint in ours:
        if mountpoint.startswith(places) and _is_dead(mountpoint):
            subprocess.run(["fusermount3", "-u", "-z", mountpoint], check=False)


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
    return str(crash.message if crash else report.longrepr)


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print counts by kind; keep them for the closing report when a suite is being run."""
    stats = terminalreporter.stats.values()
    everything = [report for reports in stats for report in reports]
    tally = _tally(report for report in everything if isinstance(report, pytest.TestReport))
    for report in everything:
        # A file that cannot even be loaded.
        if isinstance(report, pytest.CollectReport) and report.failed:
            tally["outcomes"].setdefault("?", Counter())["failed"] += 1
            tally["failed"][report.nodeid] = str(report.longrepr)
    for kind, counts in tally["outcomes"].items():
        found = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
        terminalreporter.write_line(f"{kind}: {found}")
    folder, suite = os.environ.get("INKSTAND_TEST_RESULTS"), os.environ.get("INKSTAND_TEST_SUITE")
    if folder and suite:
        _write(tally, Path(folder), suite)
