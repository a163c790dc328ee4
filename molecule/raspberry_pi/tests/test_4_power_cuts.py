"""The cord is pulled while messages come in: it always comes back, and no message is lost.

`INKSTAND_POWER_CUTS` says how often (5: each takes minutes), `INKSTAND_POWER_SEED` repeats the
moments of another run.
"""

from __future__ import annotations

import itertools
import os
import random
import secrets
import threading
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from tools.common.errors import ToolError
from virtual_pi.machine import actions, qemu
from virtual_pi.machine.settings import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from virtual_pi.machine.settings import Machine

# An emulated machine takes 20 minutes to start beside others, and each cut starts it anew.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(4 * 3600)]

CUTS = int(os.environ.get("INKSTAND_POWER_CUTS", "5"))
SEED = os.environ.get("INKSTAND_POWER_SEED", secrets.token_hex(4))
# After the first message of a burst, in seconds.
LATEST_MOMENT = 6.0
MOMENTS = random.Random(SEED)


def burst(owner: Any, name: str) -> Iterator[int]:
    """Send messages until nobody answers any more; give how many were taken, one by one."""
    for count in itertools.count(1):
        try:
            owner.send(f"{name}, number {count}")
        except urllib3.exceptions.HTTPError:
            return
        yield count


def cut_during_a_burst(machine: Machine, owner: Any, name: str, moment: float) -> int:
    """Cut the power some seconds after the first message was taken; give how many were."""
    cord = threading.Timer(moment, qemu.cut_power, [machine])
    count = 0
    for count in burst(owner, name):
        if count == 1:
            cord.start()
    assert count, "no message was taken at all"
    cord.join()
    assert qemu.process_id(machine) is None
    return count


@pytest.mark.parametrize("number", range(1, CUTS + 1))
def test_no_message_that_was_taken_is_lost_when_the_power_is_cut(
    number: int,
    machine: Machine,
    owner: Any,
    pi: Callable[[str], str],
    messages_are_whole: Callable[[], bool],
) -> None:
    moment = MOMENTS.uniform(0, LATEST_MOMENT)
    count = cut_during_a_burst(machine, owner, f"Burst {number} of {SEED}", moment)
    print(f"cut {number} of {CUTS}, seed {SEED}: after {moment:.2f} s, {count} messages taken")
    actions.start(machine)
    owner.wait_served()
    kept = {found: message["text"] for found, message in owner.history().items()}
    assert {n: kept.get(n) for n in owner.taken} == owner.taken
    assert messages_are_whole()
    assert pi("systemctl --failed --no-legend --plain") == ""


@pytest.fixture(autouse=True)
def running(machine: Machine, owner: Any) -> None:
    """Each cut is of a machine that is well, whatever became of it after the one before."""
    actions.start(machine)
    owner.wait_served()


@pytest.fixture(scope="module", autouse=True)
def left_running(machine: Machine) -> Iterator[None]:
    """Whatever happens, the machine runs afterwards."""
    yield
    try:
        actions.start(machine)
    except ToolError as error:
        pytest.fail(f"{ADDRESS}: {error}")
