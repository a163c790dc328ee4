"""One fault of each kind that matters, while messages come in: each is shown once, in order.

How long it may take is not asked here, on a machine that may be busy: `make faults-long` does, for
docs/reliability.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import running
from tests.faults.appliance import Appliance
from tests.faults.catalogue import FAULTS
from virtual_pi.settings import VirtualPi

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.fault import Fault

pytestmark = pytest.mark.e2e

# Without those of accounts, which log out whoever tests the rest.
NAMES = (
    "app: killed",
    "app: its event loop is blocked",
    "traefik: killed",
    "driver: killed",
    "pigpiod: its connections are reset",
    "pigpiod: gone without a word (half-open)",
    "panel: Panel broken",
    "dockerd: killed, and the app with it",
    "firewall: flushed",
    "disk: full",
    "messages: the database begins with rubbish",
)
BY_NAME = {fault.name: fault for fault in FAULTS}


@pytest.fixture(scope="module")
def appliance(instance: str, state: Path, ca: Path) -> Appliance:
    """The appliance as its owner and a camera at its glass meet it."""
    pi = VirtualPi(name=instance, https_port=None, http_port=None, state=state)
    pi.ca_file.write_text(ca.read_text())
    found = Appliance(pi)
    found.meet(running.MOST)
    return found


@pytest.mark.parametrize("fault", [BY_NAME[name] for name in NAMES], ids=NAMES)
def test_nothing_is_lost_and_somebody_is_served_again(appliance: Appliance, fault: Fault) -> None:
    result = running.run(appliance, fault, 0.3)
    assert result.kept_its_word, result.told
