"""Pieces of shell script that faults are made of."""

from __future__ import annotations

APP, PIGPIOD, TRAEFIK = CONTAINERS = ("inkstand-app", "inkstand-pigpiod", "inkstand-traefik")
STATE = "/var/lib/inkstand"


def pids(*names: str) -> str:
    """Be the ids of all processes of containers."""
    return f"$({'; '.join(f'docker top {name} -o pid | tail -n +2' for name in names)})"


def pid(name: str) -> str:
    """Be the id of a container's first process."""
    return f"$(docker inspect --format '{{{{.State.Pid}}}}' {name})"


def signalled(signal: str, *names: str) -> str:
    """Send a signal to all processes of containers, at once; one may have ended meanwhile."""
    each = f"for one; do kill -{signal} $one || [ ! -e /proc/$one ]; done"
    return f"set -- {pids(*names)}; [ $# -gt 0 ]; {each}"


def unit(signal: str, name: str) -> str:
    """Send a signal to the main process of a unit."""
    return f"systemctl kill --kill-whom main --signal {signal} {name}"


def within(name: str, script: str) -> str:
    """Run a program in the network of a container."""
    return f"nsenter --target {pid(name)} --net {script}"
