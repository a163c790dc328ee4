"""Run every check and test that this machine can run, and end by saying what ran and what did not.

Each step goes on when an earlier one failed, so that one run tells everything. Exit status 0 only
when every step that ran was green. With `--all` also the steps that take too long for every day.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(os.environ.get("INKSTAND_TEST_RESULTS", ROOT / "build" / "test-results"))
# What only `make test-all` runs: the step's name, and its make target.
SLOW: dict[str, str] = {
    "the scenarios that take long": "test-molecule-slow",
    "images of each architecture": "test-architectures",
}
LEFT_OUT = {
    "the pins of a Raspberry Pi": "no hardware at hand; the scenario raspberry_pi has QEMU's GPIO",
    "a real Raspberry Pi with a real panel": "no hardware at hand",
    "the official base and traefik images": "no registry is asked by the tests",
    "Let's Encrypt": "its protocol is tested against pebble, in the scenario traefik",
}


@dataclass
class Step:
    """One command of the run: its name, its make target, and how it ended."""

    name: str
    target: str
    reason_not_to: str = ""
    status: int | None = None
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        """One word, or the reason why the step did not run."""
        if self.reason_not_to:
            return f"left out: {self.reason_not_to}"
        return "green" if self.status == 0 else f"FAILED (exit {self.status})"


@dataclass
class Totals:
    """What pytest counted, over all suites."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    def add(self, outcomes: dict[str, dict[str, int]], skipped: dict[str, int]) -> None:
        """Add one suite's tally, as the root conftest.py writes it."""
        for kind, counts in outcomes.items():
            self.outcomes.setdefault(kind, Counter()).update(counts)
        self.skipped.update(skipped)

    def count(self, outcome: str) -> int:
        """Count one outcome over all kinds."""
        return sum(counts[outcome] for counts in self.outcomes.values())


def why_no_virtual_pi() -> str:
    """Say why the playbook cannot be tried on a virtual Pi here, or nothing when it can."""
    if os.geteuid() != 0:
        return "a virtual Pi needs root"
    if shutil.which("apt-get") is None and shutil.which("docker") is None:
        return "a virtual Pi needs Docker, and there is no apt-get to install it with"
    return ""


def steps() -> list[Step]:
    """Give the steps in the order in which they fail fastest."""
    return [
        Step("static checks", "lint"),
        Step("unit, contract, integration", "test-python"),
        Step("the playbook on a virtual Pi", "test-molecule", why_no_virtual_pi()),
    ]


def slow_steps(*, wanted: bool) -> list[Step]:
    """Give the steps that take too long for every day, left out unless they are wanted."""
    why_not = why_no_virtual_pi() if wanted else "takes long; `make test-all` runs it"
    return [Step(name, target, why_not) for name, target in SLOW.items()]


def run(step: Step) -> None:
    """Run one step, with its output as it comes."""
    if step.reason_not_to:
        return
    print(f"\n==> {step.name} (make {step.target})", flush=True)
    begin = time.monotonic()
    step.status = subprocess.run(
        ["make", "--no-print-directory", step.target], cwd=ROOT, check=False
    ).returncode
    step.seconds = time.monotonic() - begin


def totals() -> Totals:
    """Read what the suites of this run counted."""
    found = Totals()
    for path in sorted(RESULTS.glob("*.json")):
        found.add(**json.loads(path.read_text()))
    return found


def report(done: list[Step], found: Totals) -> list[str]:
    """Write the closing report, a line each."""
    lines = ["", "What ran"]
    lines += [f"  {step.name:32} {step.seconds:6.0f} s  {step.verdict}" for step in done]
    lines += ["Tests by kind"]
    for kind, counts in sorted(found.outcomes.items()):
        lines.append(f"  {kind:12} " + ", ".join(f"{n} {what}" for what, n in counts.items()))
    lines += ["Skipped, and why"]
    lines += [f"  {number} x {reason}" for reason, number in found.skipped.items()] or ["  nothing"]
    lines += ["Not tested here, and why"]
    lines += [f"  {what}: {why}" for what, why in LEFT_OUT.items()]
    passed, failed, skipped = (found.count(w) for w in ("passed", "failed", "skipped"))
    return [*lines, "", f"tests: {passed} passed, {failed} failed, {skipped} skipped"]


def main() -> int:
    """Run the steps and print the report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--all", action="store_true", help="also what takes long")
    wanted = parser.parse_args().all
    shutil.rmtree(RESULTS, ignore_errors=True)
    done = [*steps(), *slow_steps(wanted=wanted)]
    for step in done:
        run(step)
    print("\n".join(report(done, totals())), flush=True)
    return 0 if all(step.status in (0, None) for step in done) else 1


if __name__ == "__main__":
    sys.exit(main())
