"""The faults that there are, by what they hit."""

from __future__ import annotations

from tests.faults.catalogue import (
    conditions,
    daemons,
    files,
    load,
    panel,
    power,
    processes,
    releases,
)

FAULTS = (
    *processes.FAULTS,
    *panel.FAULTS,
    *daemons.FAULTS,
    *conditions.FAULTS,
    *files.FAULTS,
    *releases.FAULTS,
    *power.FAULTS,
    *load.FAULTS,
)
