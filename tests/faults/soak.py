"""`python -m tests.faults.soak`: hours of messages, faults and quiet, and what they leave behind.

Faults at random moments come in the first third of the time. Then nothing happens to the appliance
but messages now and then, in one life of each part: short ones do not tell growth from warming up.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.faults import running
from tests.faults.__main__ import add_virtual_pi, deployed
from tests.faults.appliance import NOBODY, OK
from tests.faults.catalogue import FAULTS
from tests.faults.fault import Fault, Kind
from tests.faults.growth import DAY, Sample, trend
from tools.bench_deploy.appliance import on_the_pi
from tools.common.errors import ToolError
from tools.common.steps import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.appliance import Appliance
    from tests.faults.table import Result

# MB that a day without messages may write, and by how much a part may surely grow a day.
WRITTEN_MB, GROWTH_MB, GROWTH_FILES = 5.0, 12.0, 12.0
_UNITS = {"pss": ("MB", GROWTH_MB), "files": ("files", GROWTH_FILES)}
_HOUR = 3600.0
_MB = 1e6
# Seconds: between two requests of the visitor, lines that say how it goes, messages, and their
# whole stretch; of quiet with a sample at its beginning and end, and between two faults.
_VISIT, _SAY, _PACE = 1.0, 180.0, 3.0
_MESSAGES, _QUIET, _BETWEEN = (15.0, 40.0), (45.0, 90.0), (0.0, 20.0)
# A release takes minutes to be judged, and of a load nothing but times is.
CATALOGUE = [it for it in FAULTS if it.kind not in (Kind.RELEASE, Kind.LOAD)]


@dataclass
class Findings:
    """All that was found so far. Seconds; bytes by program; samples by measure and part."""

    seconds: float = 0.0
    served: float = 0.0
    asked: int = 0
    answered: int = 0
    results: list[Result] = field(default_factory=list)
    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=dict)
    quiet: float = 0.0
    written: Counter[str] = field(default_factory=Counter)

    def visited(self, seconds: float, *, well: bool) -> None:
        """Note that a request was answered, or not, and for how long that stands."""
        self.seconds, self.asked = self.seconds + seconds, self.asked + 1
        self.served, self.answered = self.served + seconds * well, self.answered + well

    def sampled(self, at: float, found: dict[str, Any]) -> None:
        """Note PSS, in MB, and open files of each part."""
        for name, life in found["life"].items():
            for measure, unit in (("pss", 1024 / _MB), ("files", 1)):
                sample = Sample(life, at, found[measure][name] * unit)
                self.samples.setdefault((measure, name), []).append(sample)

    def wrote(self, seconds: float, before: dict[str, int], after: dict[str, int]) -> None:
        """Note what was written in a stretch of quiet, by how much was written until when."""
        self.quiet += seconds
        for name, count in after.items():
            self.written[name] += count - before.get(name, 0)

    @property
    def written_a_day(self) -> float:
        """MB a day while nobody wrote messages."""
        return self.written.total() / _MB * DAY / self.quiet if self.quiet else 0.0

    @property
    def summary(self) -> str:
        """How it goes, in a line."""
        total = Counter(accepted=0, lost=0, twice=0, disordered=0)
        for it in self.results:
            counts = {"lost": it.lost, "twice": it.twice, "disordered": it.disordered}
            total.update(counts | {"accepted": it.accepted})
        share = 100 * self.served / self.seconds if self.seconds else 0.0
        return (
            f"served {share:.2f} % of {self.seconds:.0f} s, {self.answered} of {self.asked} "
            f"requests; {total['accepted']} messages acknowledged, {total['lost']} lost, "
            f"{total['twice']} twice, {total['disordered']} out of order"
        )

    @property
    def memory(self) -> str:
        """What the parts take, and by how much that grows, a line each."""
        return "\n".join(
            f"{name:17} {samples[-1].value:6.1f} {_UNITS[measure][0]:5} {_growth(samples)}"
            for (measure, name), samples in sorted(self.samples.items())
        )

    @property
    def disk(self) -> str:
        """What is written while nobody writes messages, and by whom most."""
        most = (
            f"{name} {count / _MB * DAY / self.quiet:.2f}"
            for name, count in self.written.most_common(6)
            if count
        )
        above = ", ABOVE IT" if self.written_a_day > WRITTEN_MB else ""
        return (
            f"written in {self.quiet:.0f} s of quiet: {self.written_a_day:.2f} MB a day "
            f"(goal {WRITTEN_MB:g}{above}); {', '.join(most)}"
        )

    @property
    def faults(self) -> list[str]:
        """Sentences that say what is wrong; none if all is well."""
        grows = (
            f"{name}: {_growth(samples)}, which is more than {allowed:g} {unit} a day"
            for (measure, name), samples in self.samples.items()
            for unit, allowed in (_UNITS[measure],)
            if (found := trend(samples)) and found.exceeds(allowed)
        )
        return [*(it.told for it in self.results if not it.passed), *grows]


def _growth(samples: Sequence[Sample]) -> str:
    found = trend(samples)
    if not found:
        return "(too few samples for a slope)"
    said = f"{found.a_day:+.1f} a day (surely {found.least:+.1f} to {found.most:+.1f})"
    return f"{said}, in {len({it.life for it in samples})} lives of {found.seconds:.0f} s at most"


@contextmanager
def visited(appliance: Appliance, findings: Findings) -> Iterator[None]:
    """Let somebody ask for the page once a second meanwhile, by a connection of its own."""
    over = threading.Event()

    def visit() -> None:
        while not over.is_set():
            begun = time.monotonic()
            well = _is_answered(appliance)
            over.wait(max(0.0, begun + _VISIT - time.monotonic()))
            findings.visited(time.monotonic() - begun, well=well)

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        yield
    finally:
        over.set()
        visitor.join()


def _is_answered(appliance: Appliance) -> bool:
    client = appliance.client()
    try:
        with client.pool:
            return client.request("GET", "/").status == OK
    except NOBODY:
        return False


class Soak:
    """What happens in those hours, by chance."""

    def __init__(self, appliance: Appliance, findings: Findings, seed: str) -> None:
        self._appliance, self._findings = appliance, findings
        self._chance = random.Random(seed)
        self._said = time.monotonic()

    def run(self, hours: float) -> None:
        """Let hours pass.

        Raises:
            ToolError: the virtual Pi cannot be asked.
        """
        begun = time.monotonic()
        self._break(begun + hours * _HOUR / 3)
        self._leave_alone(begun + hours * _HOUR)

    def _break(self, until: float) -> None:
        while time.monotonic() < until:
            time.sleep(self._chance.uniform(*_BETWEEN))
            fault, moment = self._chance.choice(CATALOGUE), self._chance.uniform(0, 1.5)
            self._note(running.run(self._appliance, fault, moment))

    def _leave_alone(self, until: float) -> None:
        while time.monotonic() < until:
            watched = self._chance.uniform(*_MESSAGES)
            nothing = Fault("nothing at all", Kind.PROCESS, lambda _: None, watched=watched)
            result = running.run(self._appliance, nothing, 0.0, _PACE)
            self._note(result)
            self._be_quiet(self._chance.uniform(*_QUIET))

    def _be_quiet(self, seconds: float) -> None:
        before, begun = self._sample()
        time.sleep(seconds)
        after, ended = self._sample()
        self._findings.wrote(ended - begun, before, after)

    def _sample(self) -> tuple[dict[str, int], float]:
        """Take a sample; give what was written until now, and when now is."""
        found = on_the_pi(self._appliance.pi, "lives")
        now = time.monotonic()
        self._findings.sampled(now, found)
        return found["written"], now

    def _note(self, result: Result) -> None:
        # On a machine that is busy for hours no time is judged.
        result = replace(result, budget=math.inf)
        self._findings.results.append(result)
        say(f"{time.strftime('%H:%M:%S')}  {result.told}")
        if time.monotonic() > self._said + _SAY:
            self._said = time.monotonic()
            say(f"          {self._findings.summary}\n          {self._findings.disk}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults.soak",
        description="Let a virtual Pi run for hours, and see whether something is lost or grows.",
    )
    add_virtual_pi(parser)
    parser.add_argument("--hours", type=float, default=3.0, help="(%(default)s)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 1 when something was lost, failed, or grows."""
    options = _options(arguments)
    findings = Findings()
    try:
        with deployed(options) as appliance, visited(appliance, findings):
            say(f"Seed {options.seed}, {options.hours:g} hours")
            Soak(appliance, findings, options.seed).run(options.hours)
            failed = appliance.settle()
    except ToolError as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    wrong = [*findings.faults, *([failed] if failed else [])]
    say("\n".join(["", findings.summary, findings.memory, findings.disk]))
    say("\n".join(["What is wrong:", *wrong] if wrong else ["Nothing was lost, failed or grew."]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
