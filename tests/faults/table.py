"""Results of runs, kept a line each, and the table of them. Pure but for the file of results."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

MARK = "<!-- faults: by make faults-long -->"
_HEAD = """\
| fault | kind | runs | budget | p50 | p99 | max | lost | twice or out of order |
|---|---|---:|---:|---:|---:|---:|---:|---:|"""


@dataclass(frozen=True)
class Result:
    """One run: seconds until somebody was served (None: nobody was), and what went wrong.

    `accepted` is how many messages were answered with 2xx.
    """

    fault: str
    kind: str
    budget: float
    seconds: float | None
    lost: int = 0
    twice: int = 0
    disordered: int = 0
    wrong: str = ""
    accepted: int = 0

    @property
    def kept_its_word(self) -> bool:
        """Whether somebody was served in the end, and nothing went wrong, however long it took."""
        wrongs = self.lost or self.twice or self.disordered or self.wrong
        return self.seconds is not None and not wrongs

    @property
    def passed(self) -> bool:
        """Whether it kept its budget and nothing went wrong."""
        return self.kept_its_word and (self.seconds or 0) <= self.budget

    @property
    def told(self) -> str:
        """The result in one line."""
        seconds = "nobody was served" if self.seconds is None else f"{self.seconds:5.1f} s"
        wrongs = {"lost": self.lost, "twice": self.twice, "out of order": self.disordered}
        counts = [f"{number} {what}" for what, number in wrongs.items() if number]
        remarks = "; ".join([*counts, *([self.wrong] if self.wrong else [])])
        verdict = "" if self.passed else "  FAILED"
        return f"{seconds}  {self.fault}{verdict}{f' ({remarks})' if remarks else ''}"


def keep(path: Path, result: Result) -> None:
    """Write a result behind those that are there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(asdict(result)) + "\n")


def kept(path: Path) -> list[Result]:
    """Read the results that are there."""
    return [Result(**json.loads(line)) for line in path.read_text().splitlines()]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the least of the values that so many percent of them do not exceed.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("there are no values")
    return sorted(values)[max(1, math.ceil(len(values) * percent / 100)) - 1]


def table(results: Iterable[Result]) -> str:
    """Write them as a table in Markdown, a row for each fault in the order of its first run."""
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.fault, []).append(result)
    return "\n".join([_HEAD, *(_row(runs) for runs in found.values())])


def _row(runs: Sequence[Result]) -> str:
    first = runs[0]
    # Whom nobody served comes after all others.
    seconds = [math.inf if run.seconds is None else run.seconds for run in runs]
    figures = [_figure(percentile(seconds, percent), first.budget) for percent in (50, 99, 100)]
    lost, other = sum(it.lost for it in runs), sum(it.twice + it.disordered for it in runs)
    cells = [first.fault, first.kind, len(runs), f"{first.budget:g} s", *figures, lost, other]
    return f"| {' | '.join(map(str, cells))} |"


def _figure(seconds: float, budget: float) -> str:
    said = "never" if math.isinf(seconds) else f"{seconds:.1f} s"
    return said if seconds <= budget else f"**{said}**"


def inserted(document: str, made: str) -> str:
    """Return a document with other text between its marks.

    Raises:
        ValueError: it has not got two of them.
    """
    before, _, after = document.split(MARK)
    return f"{before}{MARK}\n{made}\n{MARK}{after}"
