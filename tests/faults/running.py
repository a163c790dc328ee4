"""One run of a fault: traffic flows, the fault comes at some moment, and what came of it."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from tests.faults.appliance import NOBODY
from tests.faults.fault import Kind
from tests.faults.judging import PATIENCE, doubled, judge, served_in_a_row, waits
from tests.faults.table import Result, percentile
from tests.faults.traffic import PACE, Traffic
from tools.common.errors import ToolError
from tools.common.steps import say
from virtual_pi import testing

if TYPE_CHECKING:
    from tests.faults.appliance import Appliance
    from tests.faults.fault import Fault
    from tests.faults.judging import Trail

MOST = 200
"""Messages of a run: as many as a page of the history has."""
# Before anything is done to it, and until it counts as back, so many are served in a row.
_STEADY, _BACK = 2, 3
# Who presses a button takes his time.
_PATIENCE_BY_BUTTON = 5.0
_STEADY_SECONDS, _DRAIN_SECONDS, _LONGER = 60.0, 60.0, 60.0
_LOOK = 0.05
# A load lasts for so long that a message has to be sent less often; and until nobody has trouble
# any more after it.
_LOAD_PACE, _AS_BEFORE_SECONDS = 0.75, 2.0


def run(appliance: Appliance, fault: Fault, moment: float, pace: float = PACE) -> Result:
    """Inflict a fault so many seconds after traffic is steady; nothing is left of it afterwards."""
    try:
        with fault.scene(appliance):
            wrong = appliance.settle()
            result = _result(fault, wrong) if wrong else _run(appliance, fault, moment, pace)
    except ToolError as error:
        result = _result(fault, f"it could not be done: {error}")
    if result.seconds is None or result.wrong:
        _put_right(appliance, fault)
    return result


def _run(appliance: Appliance, fault: Fault, moment: float, pace: float) -> Result:
    word = secrets.token_hex(8)
    pace = max(pace, _LOAD_PACE) if fault.kind is Kind.LOAD else pace
    traffic = Traffic(appliance, word, MOST, by_button=fault.by_button, pace=pace)
    before = appliance.newest()
    patience = _PATIENCE_BY_BUTTON if fault.by_button else PATIENCE
    with traffic.flowing() as trail:
        begun = time.monotonic()
        _wait_steady(trail, begun, _STEADY, begun + _STEADY_SECONDS, patience)
        time.sleep(moment)
        inflicted = time.monotonic()
        since = _inflict(appliance, fault)
        time.sleep(fault.watched)
        _wait_steady(trail, since, _BACK, since + fault.kind.budget + _LONGER, patience)
        unread = traffic.drain(_DRAIN_SECONDS)
    verdict = judge(trail, since, patience)
    wrong = appliance.settle()
    again = [] if wrong else doubled(appliance.texts_since(before))
    if unread and not wrong:
        wrong = f"{len(unread)} could not be read"
    seconds = verdict.seconds
    if fault.kind is Kind.LOAD and seconds is not None:
        wrong = wrong or _strained(seconds)
        seconds = _waited(trail, inflicted, since)
    return Result(
        fault.name,
        fault.kind.word,
        fault.kind.budget,
        None if seconds is None else round(seconds, 2),
        len(verdict.lost),
        len(verdict.twice) + len(again),
        len(verdict.disordered),
        wrong,
        sum(sent.accepted is not None for sent in trail.sent.values()),
    )


def _strained(seconds: float) -> str:
    return f"as before only {seconds:.1f} s after it" if seconds > _AS_BEFORE_SECONDS else ""


def _waited(trail: Trail, begun: float, ended: float) -> float:
    """Return, and say, how long 99 of 100 messages waited for their answer that were sent then."""
    answered, on_glass = waits(trail, begun, ended)
    if not answered or not on_glass:
        raise ToolError("It was over before a message was sent.")
    figures = (
        f"{what} within {percentile(found, 50):.2f}, {percentile(found, 99):.2f} s"
        for what, found in (("answered", answered), ("on the glass", on_glass))
    )
    say(f"{'':10}{len(answered)} messages meanwhile, half and 99 % {', '.join(figures)}")
    return percentile(answered, 99)


def _result(fault: Fault, wrong: str) -> Result:
    return Result(fault.name, fault.kind.word, fault.kind.budget, None, wrong=wrong)


def _inflict(appliance: Appliance, fault: Fault) -> float:
    """Do it, take it away if it does not end by itself; give from when on time counts."""
    since = time.monotonic()
    fault.inflict(appliance)
    if fault.end:
        time.sleep(fault.lasts)
        since = time.monotonic()
        fault.end(appliance)
    return since


def _wait_steady(trail: Trail, since: float, least: int, deadline: float, patience: float) -> None:
    while time.monotonic() < deadline:
        if served_in_a_row(trail.copy(), since, time.monotonic(), patience) >= least:
            return
        time.sleep(_LOOK)


def _put_right(appliance: Appliance, fault: Fault) -> None:
    """Help by hand, so that the next fault finds an appliance that is well."""
    try:
        if fault.end:
            fault.end(appliance)
    except (ToolError, *NOBODY):
        pass
    appliance.mend()
    testing.wait_for("an appliance that is well", lambda: not appliance.settle(), 600)
