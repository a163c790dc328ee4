"""Run every check and test that this machine can run, and end by saying what ran and what did not.

Each step goes on when an earlier one failed, so that one run tells everything. Exit status 0 only
when every step was green. With `--all` also the steps that take too long for every day; such a run
that was cut off goes on with the steps that are not green yet, unless something was changed since.
With `--only` it makes some steps of such a run, also beside another one that makes others.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(os.environ.get("INKSTAND_TEST_RESULTS", ROOT / "build" / "test-results"))
# Beside the suites' tallies, which the root conftest.py writes: what each step took.
LEDGER = "steps.ledger"
FAULT_LINES = 25
# Seconds. The longest step of `make test` takes 15 minutes on two cores that do nothing else; one
# of `make test-all` that emulates another processor takes more than an hour.
LIMIT, LONG_LIMIT = 1800.0, 4 * 3600.0
GRACE = 60.0
HUNG = 124  # the status of coreutils' timeout(1)
TAKES_LONG = "takes long; `make test-all` runs it"
NOT_NAMED = "other steps were asked for"
LEFT_OUT = {
    "the pins of a Raspberry Pi": "no hardware at hand; the scenario raspberry_pi has QEMU's GPIO",
    "a real Raspberry Pi with a real panel": "no hardware at hand",
    "the official base and traefik images": "no registry is asked by the tests",
    "Let's Encrypt": "its protocol is tested against pebble, in the scenario traefik",
}


@dataclass
class Step:
    """One command of the run: its name, what make is told, and how it ended."""

    name: str
    make: tuple[str, ...]
    reason_not_to: str = ""
    limit: float = LIMIT
    status: int | None = None
    seconds: float = 0.0
    earlier: bool = False

    @property
    def word(self) -> str:
        """What it is called in a command."""
        return self.make[-1].rpartition("=")[2]

    @property
    def failed(self) -> bool:
        """Whether it ran, and was not green."""
        return self.status not in (None, 0)

    @property
    def verdict(self) -> str:
        """One word, or the reason why the step did not run."""
        if self.reason_not_to:
            return f"left out: {self.reason_not_to}"
        if self.status is None:
            return "did not come to its end"
        if self.status == HUNG:
            return f"FAILED (ended: not done after {self.limit / 60:.0f} min)"
        if self.status != 0:
            return f"FAILED (exit {self.status})"
        return "green, in an earlier run" if self.earlier else "green"


@dataclass
class Totals:
    """What pytest counted, over all suites."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)

    def add(
        self,
        outcomes: dict[str, dict[str, int]],
        skipped: dict[str, int],
        failed: dict[str, str],
    ) -> None:
        """Add one suite's tally, as the root conftest.py writes it."""
        for kind, counts in outcomes.items():
            self.outcomes.setdefault(kind, Counter()).update(counts)
        self.skipped.update(skipped)
        self.failed |= failed

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


def scenario(name: str, why_not: str, limit: float) -> Step:
    """Give the step of one scenario of molecule."""
    return Step(f"scenario {name}", ("test-scenario", f"SCENARIO={name}"), why_not, limit)


def architecture(name: str, why_not: str) -> Step:
    """Give the step of one architecture's images."""
    command = ("test-architectures", f"ARCHES={name}")
    return Step(f"images for {name}", command, why_not, LONG_LIMIT)


def steps(wanted: argparse.Namespace, why_no_pi: str) -> list[Step]:
    """Give the steps in the order in which they fail fastest."""
    why_not_slow = why_no_pi if wanted.all else TAKES_LONG
    return [
        Step("static checks", ("lint",)),
        Step("unit, contract, integration", ("test-python",)),
        *(scenario(name, why_no_pi, LIMIT) for name in wanted.scenarios),
        *(scenario(name, why_not_slow, LONG_LIMIT) for name in wanted.slow_scenarios),
        *(architecture(name, why_not_slow) for name in wanted.architectures),
        Step("Home Assistant", ("test-home-assistant",), why_not_slow, LONG_LIMIT),
    ]


def run(step: Step) -> None:
    """Run one step, with its output as it comes; end it with all it started when it hangs."""
    print(f"\n==> {step.name} (make {' '.join(step.make)})", flush=True)
    begin = time.monotonic()
    command = ["make", "--no-print-directory", *step.make]
    with subprocess.Popen(command, cwd=ROOT, process_group=0) as started:
        try:
            step.status = started.wait(step.limit)
        except subprocess.TimeoutExpired:
            step.status = HUNG
        finally:
            if step.status in (None, HUNG):
                end(started)
    step.seconds = time.monotonic() - begin


def end(started: subprocess.Popen[bytes]) -> None:
    """End a command, and all in its process group, also what outlives it."""
    os.killpg(started.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        started.wait(GRACE)
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)


def tree(root: Path = ROOT) -> str:
    """Name the state of the repository; empty when files differ from what is committed."""
    git = ["git", "-C", str(root)]
    changed = subprocess.run(
        [*git, "status", "--porcelain"], capture_output=True, text=True, check=False
    )
    if changed.returncode != 0 or changed.stdout:
        return ""
    found = subprocess.run(
        [*git, "rev-parse", "HEAD^{tree}"], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


def read_ledger(path: Path, state: str) -> dict[str, float] | None:
    """Give which steps were green in this state of the repository, and their seconds."""
    if not state or not path.is_file():
        return None
    ledger = json.loads(path.read_text())
    return dict(ledger["green"]) if ledger["tree"] == state else None


def write_ledger(path: Path, state: str, done: list[Step]) -> None:
    """Keep which steps were green, also those of a run beside this one, and what they took."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        green = {step.name: step.seconds for step in done if step.status == 0}
        known = read_ledger(path, state) or {}
        path.write_text(json.dumps({"tree": state, "green": known | green}))


def take_up(path: Path, state: str, planned: list[Step]) -> bool:
    """Mark the steps that an unfinished run in this state has done; False when there is none."""
    known = read_ledger(path, state)
    wanted = [step for step in planned if step.reason_not_to in ("", NOT_NAMED)]
    if known is None or known.keys() >= {step.name for step in wanted}:
        return False
    for step in (step for step in wanted if step.name in known):
        step.reason_not_to, step.status = "", 0
        step.seconds, step.earlier = known[step.name], True
    return True


def leave_out_others(planned: list[Step], words: list[str]) -> None:
    """Leave out what is not named.

    Raises:
        SystemExit: there is no step of such a name.
    """
    there_are = [step.word for step in planned]
    if unknown := sorted(set(words) - set(there_are)):
        sys.exit(f"No step {', '.join(unknown)}; there are: {', '.join(there_are)}.")
    for step in planned:
        if words and step.word not in words and not step.reason_not_to:
            step.reason_not_to = NOT_NAMED


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
    # Last, for who reads a long log reads its end.
    for test, fault in found.failed.items():
        lines += ["", f"FAILED {test}", *(f"  {line}" for line in fault.splitlines()[:FAULT_LINES])]
    lines += ["", *(f"{step.name}: {step.verdict}" for step in done if step.failed)]
    passed, failed, skipped = (found.count(w) for w in ("passed", "failed", "skipped"))
    return [*lines, f"tests: {passed} passed, {failed} failed, {skipped} skipped"]


def options() -> argparse.Namespace:
    """Read what to run; the Makefile says which scenarios and architectures there are."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--all", action="store_true", help="also what takes long, going on where it was cut off")
    add("--only", nargs="*", default=[], metavar="STEP", help="of these steps alone")
    add("--scenarios", nargs="*", default=[], metavar="NAME", help="scenarios for every day")
    add("--slow-scenarios", nargs="*", default=[], metavar="NAME", help="those that take long")
    add("--architectures", nargs="*", default=[], metavar="NAME", help="images to build and test")
    return parser.parse_args()


def main() -> int:
    """Run the steps and print the report."""
    wanted = options()
    # A step is a process group of its own: it would go on when this is ended from outside.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended from outside."))
    planned = steps(wanted, why_no_virtual_pi())
    leave_out_others(planned, wanted.only)
    state, ledger = tree(), RESULTS / LEDGER
    if wanted.all and take_up(ledger, state, planned):
        print(f"Going on with a run that was cut off (remove {RESULTS} to begin anew).")
    else:
        shutil.rmtree(RESULTS, ignore_errors=True)
        write_ledger(ledger, state, planned)
    try:
        for step in planned:
            if step.status is None and not step.reason_not_to:
                run(step)
                write_ledger(ledger, state, planned)
    finally:
        print("\n".join(report(planned, totals())), flush=True)
    return 0 if not any(step.failed for step in planned) else 1


if __name__ == "__main__":
    sys.exit(main())
