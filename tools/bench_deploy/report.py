"""The table that is printed at the end. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tools.bench_deploy.playbook import Run

# What compiles or links, with a version or a target in its name or not.
_COMPILER = re.compile(
    r"(.*-)?(cc|c\+\+|cc1|cc1plus|gcc|g\+\+|clang|clang\+\+|tcc|collect2|ld|ld\.bfd|ld\.gold|lld|rustc|cargo|go|as)(-[\d.]+)?"
)
SECOND_RUN, MEMORY_MB = 1 / 8, 128
_SHOWN = 12


@dataclass(frozen=True)
class Row:
    """A line of the table; `good` is None where there is no goal to meet."""

    what: str
    result: str
    goal: str = "-"
    good: bool | None = None

    def __str__(self) -> str:
        """The line as Markdown."""
        verdict = {True: "yes", False: "NO", None: ""}[self.good]
        return f"| {self.what} | {self.goal} | {self.result} | {verdict} |"


def compilers(programs: Mapping[str, int]) -> dict[str, int]:
    """Give those of the programs that ran (name to number) that compile."""
    return {name: times for name, times in programs.items() if _COMPILER.fullmatch(name)}


def first_rows(run: Run, ready: float) -> Iterator[Row]:
    """Yield how long the first deployment took; `ready` is in seconds, until the clock showed."""
    yield Row("fresh virtual Pi to HTTPS and the clock on the glass", f"{ready:.0f} s")
    for role, seconds in run.roles.items():
        yield Row(f"of that, {role}", f"{seconds:.1f} s")


def _part(first: Run, later: Run) -> str:
    return f"1/{first.seconds / later.seconds:.1f} ({later.seconds:.1f} s of {first.seconds:.1f} s)"


def second_rows(first: Run, second: Run) -> Iterator[Row]:
    """Yield how long a later one takes that has nothing to do."""
    good = second.seconds / first.seconds <= SECOND_RUN
    yield Row("second run, of the first", _part(first, second), "<= 1/8", good)
    changed = f"changed={second.changed}"
    yield Row("second run: what it changed", changed, "changed=0", not second.changed)
    for task in second.slowest[:_SHOWN]:
        yield Row(f"of that, {task.name}", f"{task.seconds:.2f} s")


def linear_rows(first: Run, linear: Run) -> Iterator[Row]:
    """Yield how long such a one takes with Ansible's own strategy."""
    yield Row("a run of Ansible's own strategy, of the first", _part(first, linear))


def program_rows(programs: Mapping[str, int]) -> Iterator[Row]:
    """Yield whether anything was compiled."""
    found, number = compilers(programs), sum(programs.values())
    listed = ", ".join(f"{name} {times}x" for name, times in sorted(found.items()))
    result = f"{listed or 'none'}, of {number} programs that ran"
    yield Row("compilers that ran on the Pi and in its containers", result, "none", not found)


def memory_rows(when: str, found: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the memory that the four parts take."""
    parts = {name: kilobytes / 1024 for name, kilobytes in found["pss"].items()}
    listed = ", ".join(f"{name} {megabytes:.1f}" for name, megabytes in parts.items())
    total = sum(parts.values())
    result = f"{total:.1f} MB ({listed})"
    yield Row(f"PSS {when}", result, f"<= {MEMORY_MB} MB", total <= MEMORY_MB)


def survival_rows(found: Mapping[str, Any], sent: int, taken: int, *, well: bool) -> Iterator[Row]:
    """Yield whether a burst of messages was taken, and by a Pi that killed nobody for memory."""
    yield Row("messages taken", f"{taken} of {sent}", "all", taken == sent)
    yield Row("panel, button and storage are well after them", "yes" if well else "no", "yes", well)
    yield Row("processes killed for lack of memory", f"{found['killed']}", "0", not found["killed"])
    yield Row("highest mark of memory, with file caches", f"{found['peak'] / 1024:.0f} MB")


def table(rows: list[Row]) -> str:
    """Write the table as Markdown."""
    head = "| what | goal | result | met |\n|---|---|---|---|"
    return "\n".join([head, *map(str, rows)])
