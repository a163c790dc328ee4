"""The one place that knows which ways there are to reach a panel."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from epdfuse.controllers.controlled import ControlledPanel
from epdfuse.hardware.spi import DEFAULT_DEVICE
from epdfuse.hardware.wired import open_bus
from epdfuse.panel.spec import PanelDriver, PanelSpec
from epdfuse.simulator.panel import Bench, Pace, SimulatedPanel


@dataclass(frozen=True, slots=True)
class BusOptions:
    """What the command line says about the way to the panel."""

    spec: PanelSpec
    state_directory: Path
    simulated_timing: str
    busy_timeout: float
    """Seconds."""
    spi_device: Path = DEFAULT_DEVICE


def _simulated(options: BusOptions) -> PanelDriver:
    sleep = time.sleep if options.simulated_timing == "real" else _no_sleep
    bench = Bench(options.state_directory)
    return SimulatedPanel(options.spec, bench, Pace(sleep), options.busy_timeout)


def _real(options: BusOptions) -> PanelDriver:
    bus = open_bus(options.spec.film.number, options.spi_device)
    return ControlledPanel(options.spec, bus, options.busy_timeout)


def _no_sleep(_seconds: float) -> None:
    pass


BUSES: Mapping[str, Callable[[BusOptions], PanelDriver]] = {
    "spi": _real,
    "simulated": _simulated,
}
"""Values of `--bus`. A back end is opened here; the panel is first spoken to in `probe`."""
