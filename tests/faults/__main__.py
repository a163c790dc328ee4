"""`python -m tests.faults`: faults at random moments, and a table of what came of them."""

from __future__ import annotations

import argparse
import random
import secrets
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults import running, table
from tests.faults.appliance import Appliance
from tests.faults.catalogue import FAULTS
from tools.common.errors import ToolError
from tools.common.paths import ROOT
from tools.common.steps import say, step
from virtual_pi import actions, container, engine
from virtual_pi.options import number
from virtual_pi.settings import VirtualPi

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.fault import Fault

# Seconds of traffic before a fault comes; longer than a message takes, so that it may hit any part.
_LATEST_MOMENT = 1.5


def add_virtual_pi(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which virtual Pi it is, and what chance is to be repeated."""
    add = parser.add_argument
    add("--name", default="inkstand-faults", help="of the container; one that runs is used")
    add("--state-directory", type=Path, default=ROOT / ".cache" / "faults", help="(%(default)s)")
    add("--keep", action="store_true", help="do not remove a virtual Pi that was made for this")
    add("--seed", default=secrets.token_hex(4), help="repeats the order and moments of a run")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description="Break a virtual Pi at random moments, and see how soon somebody is served.",
    )
    add = parser.add_argument
    add_virtual_pi(parser)
    add("--runs", type=number, default=1, help="of each fault (%(default)s)")
    add("--only", nargs="*", default=[], metavar="WORD", help="faults with one of these in it")
    add("--results", type=Path, default=ROOT / "build" / "faults.jsonl", help="(%(default)s)")
    add("--more", action="store_true", help="add to the results that are there")
    add("--write", type=Path, metavar="FILE", help="put the table into it, between its marks")
    add("--list", action="store_true", help="name the faults, and end")
    return parser.parse_args(arguments)


def chosen(faults: Sequence[Fault], words: Sequence[str]) -> list[Fault]:
    """Return the faults whose names have one of the words in it; all without words.

    Raises:
        ToolError: a word is in none.
    """
    for word in words:
        if not any(word in fault.name for fault in faults):
            raise ToolError(f"No fault has {word!r} in its name.", todo="--list names them.")
    return [it for it in faults if not words or any(word in it.name for word in words)]


@contextmanager
def deployed(options: argparse.Namespace) -> Iterator[Appliance]:
    """Give a deployed virtual Pi; one that was made for this goes afterwards."""
    pi = VirtualPi(
        name=options.name,
        https_port=None,
        http_port=None,
        state=options.state_directory.resolve(),
        simulated_timing="fast",
    )
    found = container.state(pi) if engine.answers() else None
    if found is None:
        actions.create(pi)
    try:
        if found is None:
            actions.run_deploy(pi)
        appliance = Appliance(pi, random.Random(options.seed))
        with step("Learn what its messages look like"):
            appliance.meet(running.MOST)
        yield appliance
    finally:
        if found is None and not options.keep:
            actions.destroy(pi, images=False)


def _run_all(appliance: Appliance, faults: Sequence[Fault], options: argparse.Namespace) -> bool:
    """Run them in random order, round after round; tell whether all passed."""
    chance = random.Random(options.seed)
    say(f"Seed {options.seed}")
    well = True
    for turn in range(options.runs):
        for fault in chance.sample(faults, len(faults)):
            moment = chance.uniform(0, _LATEST_MOMENT)
            result = running.run(appliance, fault, moment)
            table.keep(options.results, result)
            well = well and result.passed
            say(f"{turn + 1:3} {moment:4.2f} s  {result.told}")
    return well


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 1 when a fault was not passed."""
    options = _options(arguments)
    try:
        faults = chosen(FAULTS, options.only)
        if options.list:
            say("\n".join(f"{it.kind.budget:3g} s  {it.name}" for it in faults))
            return 0
        if not options.more:
            options.results.unlink(missing_ok=True)
        with deployed(options) as appliance:
            well = _run_all(appliance, faults, options)
    except ToolError as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    _write(options)
    return 0 if well else 1


def _write(options: argparse.Namespace) -> None:
    """Print the table in the order of the catalogue, and put it where it is wanted."""
    order = [it.name for it in FAULTS]
    found = [it for it in table.kept(options.results) if it.fault in order]
    made = table.table(sorted(found, key=lambda it: order.index(it.fault)))
    print(made)
    if options.write:
        options.write.write_text(table.inserted(options.write.read_text(), made))


if __name__ == "__main__":
    sys.exit(main())
