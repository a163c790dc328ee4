"""Processes that die, and processes that hang."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.catalogue.scripts import (
    APP,
    CONTAINERS,
    PIGPIOD,
    TRAEFIK,
    pid,
    signalled,
    unit,
    within,
)
from tests.faults.fault import Fault, Kind, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.appliance import Appliance

DRIVER, _WATCHER = "epd-fuse", "inkstand-watcher"
_MOUNT = "/run/epd/panel"
_KILL_TWICE = (
    f"first={pid(APP)}",
    signalled("KILL", APP),
    f"until second={pid(APP)}; [ $second != 0 ] && [ $second != $first ]; do sleep 0.05; done",
    "kill -KILL $second",
)


def _cut_off(name: str) -> tuple[str, ...]:
    """Be script that lets nothing come through to a container any more, nor from it."""
    chains = (
        f"nft add chain inet fault {hook} '{{ type filter hook {hook} priority 0; policy drop; }}'"
        for hook in ("input", "output")
    )
    return tuple(within(name, script) for script in ("nft add table inet fault", *chains))


@contextmanager
def _of_another_engine(appliance: Appliance) -> Iterator[None]:
    """Let containers be those of an engine that was before: it knows less of their interfaces."""
    appliance.shell("systemctl reset-failed docker; systemctl restart docker")
    yield


def _block(appliance: Appliance) -> None:
    """Hold the app's first thread, as a call would that does not come back."""
    program = shlex.quote(Path(__file__).with_name("hold_thread.py").read_text())
    app = f"$(pgrep --parent {pid(APP)})"
    appliance.shell(f"systemd-run --quiet --collect python3 -c {program} {app}")


def _dies(what: str, *lines: str, by_button: bool = False) -> Fault:
    return Fault(what, Kind.PROCESS, shell(*lines), by_button=by_button)


def _hangs(what: str, *lines: str, by_button: bool = False) -> Fault:
    return Fault(what, Kind.HUNG, shell(*lines), by_button=by_button)


DEATHS = (
    _dies("app: killed", signalled("KILL", APP)),
    _dies("app: told to end", signalled("TERM", APP)),
    _dies("app: aborts", signalled("ABRT", APP)),
    _dies("app: killed, and again as soon as it runs", *_KILL_TWICE),
    _dies("traefik: killed", signalled("KILL", TRAEFIK)),
    _dies("traefik: told to end", signalled("TERM", TRAEFIK)),
    _dies("app and traefik: killed", signalled("KILL", APP, TRAEFIK)),
    _dies("all containers: killed", signalled("KILL", *CONTAINERS)),
    _dies("driver: killed", unit("KILL", DRIVER)),
    _dies("driver: told to end", unit("TERM", DRIVER)),
    _dies("driver: dies with half a frame drawn", "epdfuse simulate fail crash"),
    _dies("driver: its mount is taken away", f"umount --lazy {_MOUNT}"),
    _dies("driver and app: killed", unit("KILL", DRIVER), signalled("KILL", APP)),
    _dies("watcher: killed", unit("KILL", _WATCHER)),
    _dies("pigpiod: killed", signalled("KILL", PIGPIOD), by_button=True),
    _dies("pigpiod: told to end (a clean close)", signalled("TERM", PIGPIOD), by_button=True),
    _dies(
        "pigpiod: its connections are reset",
        within(PIGPIOD, "ss --kill state established"),
        by_button=True,
    ),
)

HANGS = (
    _hangs("app: stopped", signalled("STOP", APP)),
    Fault("app: its event loop is blocked", Kind.HUNG, _block),
    _hangs("traefik: stopped", signalled("STOP", TRAEFIK)),
    _hangs("all containers: stopped", signalled("STOP", *CONTAINERS)),
    _hangs("driver: stopped (a mount that hangs)", unit("STOP", DRIVER)),
    Fault(
        "watcher: stopped for 3 s",
        Kind.HUNG,
        shell(unit("STOP", _WATCHER)),
        shell(unit("CONT", _WATCHER)),
    ),
    _hangs("pigpiod: stopped", signalled("STOP", PIGPIOD), by_button=True),
    _hangs(
        "pigpiod: gone without a word (half-open)",
        *_cut_off(PIGPIOD),
        signalled("KILL", PIGPIOD),
        by_button=True,
    ),
    *(
        Fault(
            f"{name.removeprefix('inkstand-')}: gone without a word, after another engine",
            Kind.HUNG,
            shell(*_cut_off(name), signalled("KILL", name)),
            scene=_of_another_engine,
            by_button=name == PIGPIOD,
        )
        for name in CONTAINERS
    ),
    Fault(
        "pigpiod: nothing comes through for 4 s",
        Kind.HUNG,
        shell(*_cut_off(PIGPIOD)),
        shell(within(PIGPIOD, "nft delete table inet fault")),
        lasts=4,
        by_button=True,
    ),
)

FAULTS = (*DEATHS, *HANGS)
