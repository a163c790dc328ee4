"""What becomes short or goes away: names, routes, disk, memory, processes, processor time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.faults.catalogue.scripts import APP, CONTAINERS, STATE, signalled
from tests.faults.fault import Fault, Kind, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.appliance import Appliance

_NAMES_DEAD = "cp /etc/resolv.conf /run/resolv.before; echo nameserver 192.0.2.1 >/etc/resolv.conf"
_NAMES_BACK = "cat /run/resolv.before >/etc/resolv.conf"
_ASIDE = "/run/fault.state"
_FILLER = f"{STATE}/filler"
_FULL = f"cat /dev/zero 2>/dev/null >{_FILLER} || true"
_NO_INODES = f"i=0; while touch {_FILLER}.$i 2>/dev/null; do i=$((i + 1)); done"
_ROOM = shell(f"rm -f {_FILLER}*")
_TO_SMALL_DISK = (
    f"docker stop --time 3 {APP}",
    f"rm -rf {_ASIDE}; cp --archive {STATE} {_ASIDE}",
    f"mount -t tmpfs -o size=12m,nr_inodes=64 fault {STATE}",
    f"chown --reference {_ASIDE} {STATE}; chmod --reference {_ASIDE} {STATE}",
    f"cp --archive {_ASIDE}/. {STATE}/",
    f"docker start {APP}",
)
_TO_LARGE_DISK = (
    f"docker stop --time 3 {APP}",
    f"rm -rf {_ASIDE} {_FILLER}*; cp --archive {STATE} {_ASIDE}",
    f"umount {STATE}",
    f"find {STATE} -mindepth 1 -delete; cp --archive {_ASIDE}/. {STATE}/; rm -rf {_ASIDE}",
    f"docker start {APP}",
)


@contextmanager
def small_disk(appliance: Appliance) -> Iterator[None]:
    """Let the app keep what it keeps on a small disk meanwhile."""
    appliance.shell("\n".join(_TO_SMALL_DISK))
    try:
        yield
    finally:
        appliance.shell("\n".join(_TO_LARGE_DISK))


@contextmanager
def no_names(appliance: Appliance) -> Iterator[None]:
    """Let nobody resolve names meanwhile."""
    appliance.shell(_NAMES_DEAD)
    try:
        yield
    finally:
        appliance.shell(_NAMES_BACK)


@contextmanager
def few_processes(appliance: Appliance) -> Iterator[None]:
    """Let the Pi have 600 processes and threads meanwhile, of which it needs a hundred."""
    try:
        appliance.limit("--pids-limit=600")
        yield
    finally:
        appliance.limit("--pids-limit=-1")


def _in_app(program: str) -> str:
    return f"docker exec --detach {APP} {program}"


FAULTS = (
    Fault("names: nobody resolves them", Kind.OUTSIDE, shell(_NAMES_DEAD), shell(_NAMES_BACK)),
    Fault(
        "names: nobody resolves them, and all containers killed",
        Kind.PROCESS,
        shell(signalled("KILL", *CONTAINERS)),
        scene=no_names,
    ),
    Fault(
        "internet: no way there",
        Kind.OUTSIDE,
        shell("ip route show default >/run/route.before; ip route del default"),
        shell("ip route add $(cat /run/route.before)"),
    ),
    Fault("disk: full", Kind.OUTSIDE, shell(_FULL), _ROOM, scene=small_disk),
    Fault("disk: no inodes", Kind.OUTSIDE, shell(_NO_INODES), _ROOM, scene=small_disk),
    Fault(
        "disk: full, and the app killed",
        Kind.OUTSIDE,
        shell(_FULL, signalled("KILL", APP)),
        _ROOM,
        scene=small_disk,
    ),
    Fault(
        "app: its /tmp is full",
        Kind.OUTSIDE,
        shell(f"docker exec {APP} sh -c 'cat /dev/zero 2>/dev/null >/tmp/filler' || true"),
        shell(f"docker exec {APP} rm /tmp/filler"),
    ),
    Fault(
        "app: a program beside it takes all the memory",
        Kind.PROCESS,
        shell(_in_app("python3 -c 'b = [bytearray(1 << 20) for _ in range(2000)]'")),
        watched=5,
    ),
    Fault(
        "app: a program beside it takes all the processes",
        Kind.PROCESS,
        shell(_in_app("sh -c 'for i in $(seq 100); do sleep 4 & done; wait'")),
        watched=6,
    ),
    Fault(
        "processes: others have all that there can be, for 4 s",
        Kind.OUTSIDE,
        shell(
            "systemd-run --quiet --collect --property TasksMax=700 --property RuntimeMaxSec=4 "
            "--property KillSignal=KILL sh -c 'bomb() { bomb | bomb & }; bomb; sleep 9'"
        ),
        watched=6,
        scene=few_processes,
    ),
    Fault(
        "processor: others have all of it for 4 s",
        Kind.PROCESS,
        shell(
            "for one in 1 2 3 4; do",
            "systemd-run --quiet --collect timeout 4 sh -c 'while :; do :; done'",
            "done",
        ),
        watched=6,
    ),
)
