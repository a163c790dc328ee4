"""`python -m tools.bench_deploy`: one virtual Pi from nothing, and one table."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from tools.bench_deploy import playbook, report
from tools.bench_deploy.appliance import Appliance, on_the_pi
from tools.common.errors import ToolError
from tools.common.paths import ROOT
from tools.common.steps import say, step, wait_until
from virtual_pi import actions, deploy
from virtual_pi.settings import VirtualPi

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tools.bench_deploy.report import Row
    from virtual_pi.credentials import Credentials

NOTED = "/var/log/programs.acct"
CLOCK_SECONDS = 120


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench_deploy",
        description="How long the playbook takes on a fresh virtual Pi, and what it leaves there.",
    )
    parser.add_argument("--name", default="inkstand-bench-deploy", help="of the container")
    parser.add_argument("--memory", default="512m", help="the most the Pi may use (%(default)s)")
    parser.add_argument("--messages", type=int, default=1000, help="in the burst (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="do not remove the virtual Pi")
    return parser.parse_args(arguments)


def _wait_for_the_clock(appliance: Appliance) -> None:
    wait_until(
        appliance.shows_the_clock,
        seconds=CLOCK_SECONDS,
        failure=lambda: ToolError("The clock is not on the glass.", todo="Use --keep, look."),
    )


def _first(pi: VirtualPi, appliance: Appliance) -> tuple[playbook.Run, float]:
    """Deploy, and give the run and the seconds until the clock was on the glass."""
    begin = time.monotonic()
    with step("Deploy to a fresh virtual Pi"):
        run = playbook.play(pi)
        deploy.fetch_ca(pi)
        _wait_for_the_clock(appliance)
    return run, time.monotonic() - begin


def _again(pi: VirtualPi, strategy: str = playbook.DEFAULT_STRATEGY) -> playbook.Run:
    with step(f"Deploy again, with nothing to do and the strategy {strategy}"):
        return playbook.play(pi, strategy)


def _burst(appliance: Appliance, messages: int) -> int:
    with step(f"Send {messages} messages"):
        return appliance.burst(messages)


def measure(pi: VirtualPi, owner: Credentials, messages: int) -> Iterator[Row]:
    """Yield the rows, in the order in which they are found."""
    on_the_pi(pi, "watch", NOTED)
    appliance = Appliance(pi, owner)
    first, ready = _first(pi, appliance)
    yield from report.first_rows(first, ready)
    yield from report.program_rows(on_the_pi(pi, "programs", NOTED))
    yield from report.second_rows(first, _again(pi))
    yield from report.linear_rows(first, _again(pi, "linear"))
    yield from report.memory_rows("at rest", on_the_pi(pi, "memory"))
    taken = _burst(appliance, messages)
    after = on_the_pi(pi, "memory")
    yield from report.memory_rows(f"after {messages} messages", after)
    yield from report.survival_rows(after, messages, taken, well=appliance.is_well())


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every goal was met."""
    options = _options(arguments)
    state = ROOT / ".cache" / "bench-deploy"
    pi = VirtualPi(options.name, None, None, state, simulated_timing="fast", memory=options.memory)
    try:
        actions.destroy(pi, images=False)
        rows = list(measure(pi, actions.create(pi), options.messages))
    except ToolError as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    finally:
        if not options.keep:
            actions.destroy(pi, images=False)
    say(f"\nA virtual Pi with {options.memory} of memory\n\n{report.table(rows)}")
    return 1 if any(row.good is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
