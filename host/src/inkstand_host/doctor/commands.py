"""`inkstand-host doctor`: everything is looked at, whatever is found first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkstand_host.doctor import containers, hardware, storage, system
from inkstand_host.doctor.finding import FAIL, Finding
from inkstand_host.doctor.machine import Machine
from inkstand_host.errors import HostError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

# What to expect here; the role `inkstand_host` writes it down.
SETTINGS = Path("/etc/inkstand-host.json")


def examine(machine: Machine, question: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at everything."""
    panel, line = question["panel"], question["line"]
    yield system.debian(machine)
    yield system.model(machine, needs_pins=panel["bus"] == "spi" or line != "simulated")
    yield from system.power(machine)
    yield from system.units(machine, ("epd-fuse", "docker"))
    yield from hardware.driver(machine, panel)
    if panel["flavour"] == "epdfuse":
        yield from hardware.fuse(machine)
    yield hardware.gpio(machine, line)
    yield from containers.containers(machine, question["images"])
    yield from containers.networks(machine)
    yield from containers.updates(machine)
    yield from system.waiting_units(machine)
    yield from system.secrets(machine)
    yield from system.clock(machine, question["time_source"], question["now"])
    yield from system.host_name(machine)
    yield from system.wireless(machine)
    yield from system.reach(machine)
    yield from storage.disks(machine, question["directories"])
    yield from storage.wear(machine)
    yield from storage.memory(machine)


def add_command(commands: Any) -> None:
    """Add `doctor` to those of `inkstand-host`."""
    parser = commands.add_parser(
        "doctor",
        help="look what is wrong, and how to put it right",
        description="Look what is wrong with this Inkstand, and how to put it right; a line each."
        " Changes nothing. Status 1 when something is wrong.",
    )
    parser.add_argument("--json", action="store_true", help="tell it as JSON on one line")
    parser.add_argument(
        "--settings", type=Path, default=SETTINGS, help="what is expected here (%(default)s)"
    )
    parser.add_argument(
        "--now", type=float, help="the right time in seconds since 1970, to compare the clock"
    )
    parser.set_defaults(run=_run, needs_root=True)


def load(path: Path) -> dict[str, Any]:
    """Read what is expected of this Pi.

    Raises:
        HostError: nobody wrote it down.
    """
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise HostError(f"{path} cannot be read ({error}); run the playbook first") from error


def _run(options: argparse.Namespace) -> int:
    found = list(examine(Machine(), {**load(options.settings), "now": options.now}))
    print(json.dumps({"findings": found}) if options.json else "\n".join(map(_line, found)))
    return int(not options.json and any(it["level"] == FAIL for it in found))


def _line(found: Finding) -> str:
    fix = f"  — {found['fix']}" if found["fix"] else ""
    return f"{found['level']:5} {found['what']:24} {found['seen']}{fix}"
