"""A virtual Pi leaves the machine that it runs on alone."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.e2e


def test_the_clock_of_the_machine_cannot_be_set(pi: Any) -> None:
    """To the time that it is already, so that a machine that lets it be set takes no harm."""
    now = "import time; time.clock_settime(time.CLOCK_REALTIME, time.time())"
    assert "Operation not permitted" in pi.run(f"python3 -c '{now}'").stderr
